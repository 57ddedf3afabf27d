package dev.millrace.fraud;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelSource;
import dev.cel.common.CelSourceLocation;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.navigation.CelNavigableAst;
import dev.cel.common.navigation.CelNavigableExpr;
import dev.cel.common.types.CelType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.validator.CelValidator;
import dev.cel.validator.CelValidatorFactory;
import dev.cel.validator.validators.RegexLiteralValidator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The CEL of the rules file: which variables there are and of what type. Every variable is declared by its
 * qualified name, so a misspelt one is found when the file is loaded, not when a payment comes.
 */
final class Language {
  private static final Map<String, CelType> PAYMENT = new TreeMap<>(
      Map.of("amount", SimpleType.INT, "currency", SimpleType.STRING, "payment_method", SimpleType.STRING,
          "merchant", SimpleType.STRING, "livemode", SimpleType.BOOL, "metadata",
          MapType.create(SimpleType.STRING, SimpleType.STRING)));

  /** Bounds what one evaluation can cost the event loop. */
  private static final CelOptions OPTIONS = CelOptions.current().comprehensionMaxIterations(1_000).build();

  private final Set<String> lists;
  private final Set<String> velocities;
  private final CelCompiler compiler;
  private final CelRuntime runtime;
  private final CelValidator validator;

  Language(Set<String> lists, Set<String> velocities) {
    this.lists = new TreeSet<>(lists);
    this.velocities = new TreeSet<>(velocities);
    var builder = CelCompilerFactory.standardCelCompilerBuilder().setOptions(OPTIONS)
        .setStandardMacros(CelStandardMacro.STANDARD_MACROS).setResultType(SimpleType.BOOL);
    PAYMENT.forEach((name, type) -> builder.addVar("payment." + name, type));
    lists
        .forEach(name -> builder.addVar("lists." + name, MapType.create(SimpleType.STRING, SimpleType.BOOL)));
    velocities.forEach(name -> builder.addVar("velocity." + name, SimpleType.INT));
    this.compiler = builder.build();
    // Not the planner's runtime: it copies a map at each look-up in it, ten times the cost of the rule.
    this.runtime = CelRuntimeFactory.legacyCelRuntimeBuilder().setOptions(OPTIONS).build();
    this.validator = CelValidatorFactory.standardCelValidatorBuilder(compiler, runtime)
        .addAstValidators(RegexLiteralValidator.INSTANCE).build();
  }

  /**
   * Compiles one expression.
   *
   * @param where file and rule, for the log
   * @throws IllegalArgumentException whose message is one line: CEL's first error and where in the expression
   *     it is
   */
  Expression compile(String where, String text) {
    try {
      CelAbstractSyntaxTree parsed = compiler.parse(text).getAst();
      Set<String> used = velocitiesOf(parsed);
      CelAbstractSyntaxTree checked = compiler.check(parsed).getAst();
      CelValidationResult validated = validator.validate(checked);
      if (validated.hasError()) {
        throw bad(validated.getErrors());
      }
      return new Expression(where, runtime.createProgram(checked), used);
    } catch (CelValidationException invalid) {
      throw bad(invalid.getErrors());
    } catch (CelEvaluationException unplanned) {
      throw new IllegalArgumentException("bad expression: " + unplanned.getMessage(), unplanned);
    }
  }

  /** CEL would only say that {@code lists} is undeclared when it is {@code lists.foo} that does not exist. */
  private Set<String> velocitiesOf(CelAbstractSyntaxTree parsed) {
    Set<String> used = new TreeSet<>();
    List<CelExpr> selections = CelNavigableAst.fromAst(parsed).getRoot().allNodes()
        .map(CelNavigableExpr::expr)
        .filter(expr -> expr.getKind() == CelExpr.ExprKind.Kind.SELECT).toList();
    for (CelExpr selection : selections) {
      CelExpr operand = selection.select().operand();
      String field = selection.select().field();
      switch (operand.identOrDefault().name()) {
        case "payment" ->
          mustExist("payment has no field", field, "fields", PAYMENT.keySet(), parsed, operand);
        case "lists" -> mustExist("there is no list", field, "lists", lists, parsed, operand);
        case "velocity" -> {
          mustExist("there is no velocity", field, "velocities here", velocities, parsed, operand);
          used.add(field);
        }
        default -> {
        }
      }
    }
    return Set.copyOf(used);
  }

  private static void mustExist(String problem, String name, String kind, Set<String> known,
      CelAbstractSyntaxTree ast, CelExpr at) {
    if (!known.contains(name)) {
      throw new IllegalArgumentException("bad expression at " + place(locate(ast.getSource(), at)) + ": "
          + problem
          + " '" + name + "' (" + kind + ": " + (known.isEmpty() ? "none" : String.join(", ", known)) + ")");
    }
  }

  private static CelSourceLocation locate(CelSource source, CelExpr expr) {
    Integer offset = source.getPositionsMap().get(expr.id());
    return offset == null
        ? CelSourceLocation.NONE
        : source.getOffsetLocation(offset).orElse(CelSourceLocation.NONE);
  }

  private static IllegalArgumentException bad(List<CelIssue> issues) {
    CelIssue first = issues.getFirst();
    return new IllegalArgumentException("bad expression at " + place(first.getSourceLocation()) + ": "
        + first.getMessage().replaceAll("\\s+", " "));
  }

  /** Columns are counted from 1, as editors do. */
  private static String place(CelSourceLocation location) {
    String column = "column " + (location.getColumn() + 1);
    return location.getLine() <= 1 ? column : "line " + location.getLine() + ", " + column;
  }
}
