package dev.millrace.simulator;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which parts of the simulator use which, and that only what another part uses is public. */
final class SimulatorArchitectureTest {
  private static final String ROOT = "dev.millrace.simulator";
  private static final JavaClasses CLASSES = new ClassFileImporter()
      .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("dev.millrace");

  /** Each sub-package and the others that it may use. The root package wires them and may use all. */
  private static final Map<String, Set<String>> TABLE = new TreeMap<>(Map.of(
      "book", Set.of(),
      "settings", Set.of(),
      "wire", Set.of("book", "settings"),
      "stripe", Set.of("book", "wire"),
      "adyen", Set.of("book", "wire"),
      "bank", Set.of("book", "wire"),
      "webhook", Set.of("book", "settings", "wire"),
      "control", Set.of("book", "settings", "stripe", "webhook", "wire")));

  private static List<String> violations(ArchRule rule) {
    return rule.evaluate(CLASSES).getFailureReport().getDetails();
  }

  private static ArchRule usesOnly(String part, Set<String> permitted) {
    String[] own = Stream.concat(Stream.of(part), permitted.stream()).map(p -> ROOT + "." + p)
        .toArray(String[]::new);
    return noClasses().that().resideInAPackage(ROOT + "." + part).should()
        .dependOnClassesThat(resideInAPackage(ROOT + "..").and(
            DescribedPredicate.not(resideInAnyPackage(own))));
  }

  static Stream<String> parts() { return TABLE.keySet().stream(); }

  @ParameterizedTest
  @MethodSource("parts")
  void part_usesOnlyWhatTheTableSays(String part) {
    assertThat(violations(usesOnly(part, TABLE.get(part)))).isEmpty();
  }

  @Test
  void table_permitsNothingThatIsNotUsed() {
    TABLE.forEach((part, permitted) -> permitted.forEach(one -> {
      var fewer = new TreeSet<>(permitted);
      fewer.remove(one);
      assertThat(violations(usesOnly(part, fewer))).as("%s without %s", part, one).isNotEmpty();
    }));
  }

  @Test
  void table_namesEveryPart() {
    assertThat(CLASSES.stream().map(JavaClass::getPackageName).filter(p -> p.startsWith(ROOT + "."))
        .map(p -> p.substring(ROOT.length() + 1)).collect(Collectors.toSet())).isEqualTo(TABLE.keySet());
  }

  @Test
  void parts_haveNoCycles() {
    assertThat(violations(slices().matching(ROOT + ".(*)..").should().beFreeOfCycles())).isEmpty();
  }

  /**
   * The table does not name the root: this says it in so many words, and that the root does use the parts.
   */
  @Test
  void parts_doNotUseTheRoot() {
    assertThat(violations(noClasses().that().resideInAPackage(ROOT + ".*..").should().dependOnClassesThat()
        .resideInAPackage(ROOT))).isEmpty();
    assertThat(violations(noClasses().that().resideInAPackage(ROOT).should().dependOnClassesThat()
        .resideInAPackage(ROOT + ".*.."))).isNotEmpty();
  }

  @Test
  void publicClass_isUsedOutsideItsPackage() {
    assertThat(CLASSES.stream().filter(c -> c.getPackageName().startsWith(ROOT))
        .filter(c -> c.getModifiers().contains(JavaModifier.PUBLIC)).filter(JavaClass::isTopLevelClass)
        .filter(c -> c.getDirectDependenciesToSelf().stream()
            .allMatch(d -> d.getOriginClass().getPackageName().equals(c.getPackageName())))
        .map(JavaClass::getName)).isEmpty();
  }
}
