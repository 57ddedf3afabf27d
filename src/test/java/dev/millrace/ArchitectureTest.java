package dev.millrace;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may use whom, and who may block: the table of packages in the documents, kept by the build. */
final class ArchitectureTest {
  private static final String ROOT = "dev.millrace";
  private static final JavaClasses CLASSES = new ClassFileImporter()
      .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages(ROOT);

  /**
   * Each context and the contexts that it may use. The root package and {@code start} wire, and may use all.
   */
  private static final Map<String, Set<String>> TABLE = new TreeMap<>(Map.ofEntries(
      Map.entry("payment", Set.of()),
      Map.entry("platform", Set.of()),
      Map.entry("embedded", Set.of()),
      Map.entry("simulator", Set.of()),
      Map.entry("ledger", Set.of("payment", "platform")),
      Map.entry("idempotency", Set.of("platform")),
      Map.entry("fraud", Set.of("platform")),
      Map.entry("provider", Set.of("payment", "platform")),
      Map.entry("journal", Set.of("payment", "ledger", "idempotency", "platform")),
      // A command of its own, which makes anew what journal and ledger wrote.
      Map.entry("rebuild", Set.of("payment", "ledger", "journal", "platform")),
      Map.entry("webhook", Set.of("payment", "journal", "platform")),
      Map.entry("audit", Set.of("platform")),
      Map.entry("deadletter", Set.of("audit", "platform")),
      Map.entry("inbox", Set.of("journal", "provider", "deadletter", "platform")),
      Map.entry("identity", Set.of("idempotency", "platform")),
      Map.entry("processing",
          Set.of("payment", "journal", "ledger", "fraud", "provider", "inbox", "deadletter", "platform")),
      Map.entry("settlement", Set.of("payment", "journal", "ledger", "platform")),
      Map.entry("retention",
          Set.of("journal", "idempotency", "inbox", "webhook", "deadletter", "platform")),
      Map.entry("api",
          Set.of("audit", "payment", "journal", "ledger", "idempotency", "identity", "provider", "inbox",
              "webhook", "platform")),
      Map.entry("ops",
          Set.of("audit", "payment", "journal", "ledger", "idempotency", "identity", "provider",
              "deadletter", "platform"))));

  /** By a constant alone, which the compiler writes into the class that uses it. */
  private static final Set<String> INLINED = Set.of("deadletter uses audit");

  /** What waits by holding its thread: the owner and its methods. */
  private static final Map<Class<?>, Set<String>> BLOCKING = Map.ofEntries(
      Map.entry(Thread.class, Set.of("sleep", "join")),
      Map.entry(Object.class, Set.of("wait")),
      Map.entry(Process.class, Set.of("waitFor")),
      Map.entry(io.vertx.core.Future.class, Set.of("await")),
      Map.entry(java.util.concurrent.Future.class, Set.of("get", "join")),
      Map.entry(java.util.concurrent.CompletableFuture.class, Set.of("get", "join")),
      Map.entry(java.util.concurrent.CountDownLatch.class, Set.of("await")),
      Map.entry(java.util.concurrent.CyclicBarrier.class, Set.of("await")),
      Map.entry(java.util.concurrent.Semaphore.class, Set.of("acquire")),
      Map.entry(java.util.concurrent.BlockingQueue.class, Set.of("take", "put")),
      Map.entry(java.util.concurrent.ExecutorService.class,
          Set.of("awaitTermination", "invokeAll", "invokeAny")),
      Map.entry(java.util.concurrent.locks.LockSupport.class, Set.of("park", "parkNanos", "parkUntil")),
      Map.entry(java.util.concurrent.locks.Condition.class, Set.of("await")));

  /** Waits for Kafka's acknowledgements, on a worker thread. */
  private static final Set<String> ON_A_WORKER = Set.of(ROOT + ".journal.Relay.publish");

  private static List<String> violations(ArchRule rule) {
    return rule.evaluate(CLASSES).getFailureReport().getDetails();
  }

  private static ArchRule usesOnly(String context, Set<String> permitted) {
    String[] own = Stream.concat(Stream.of(context), permitted.stream()).map(c -> ROOT + "." + c + "..")
        .toArray(String[]::new);
    return noClasses().that().resideInAPackage(ROOT + "." + context + "..").should()
        .dependOnClassesThat(resideInAPackage(ROOT + "..").and(not(resideInAnyPackage(own))));
  }

  static Stream<String> contexts() { return TABLE.keySet().stream(); }

  @ParameterizedTest
  @MethodSource("contexts")
  void context_usesOnlyWhatTheTableSays(String context) {
    assertThat(violations(usesOnly(context, TABLE.get(context)))).isEmpty();
  }

  @Test
  void table_permitsNothingThatIsNotUsed() {
    var unused = new TreeSet<String>();
    TABLE.forEach((context, permitted) -> permitted.forEach(one -> {
      var fewer = new TreeSet<>(permitted);
      fewer.remove(one);
      if (violations(usesOnly(context, fewer)).isEmpty()) unused.add(context + " uses " + one);
    }));
    assertThat(unused).isEqualTo(INLINED);
    assertThat(violations(usesOnly("journal", Set.of()))).isNotEmpty();
  }

  private static String contextOf(JavaClass javaClass) {
    String name = javaClass.getPackageName();
    return name.startsWith(ROOT + ".") ? name.substring(ROOT.length() + 1).split("\\.")[0] : "";
  }

  @Test
  void table_namesEveryContext() {
    assertThat(
        CLASSES.stream().map(ArchitectureTest::contextOf).filter(c -> !c.isEmpty() && !c.equals("start"))
            .collect(Collectors.toSet()))
        .isEqualTo(TABLE.keySet());
  }

  /** Each row is `context` | what it owns | the contexts that it may use, or a dash. */
  @Test
  void table_isThatOfTheDocuments() throws IOException {
    var documented = new TreeMap<String, Set<String>>();
    Pattern.compile("(?m)^\\| `([a-z]+)` \\| [^|]+ \\| (–|(?:`[a-z]+`(?:, )?)+) \\|$")
        .matcher(Files.readString(Path.of("src/site/markdown/understand.md"))).results()
        .forEach(row -> documented.put(row.group(1), Arrays.stream(row.group(2).split("[`, –]+"))
            .filter(c -> !c.isEmpty()).collect(Collectors.toSet())));
    assertThat(documented).isEqualTo(TABLE);
  }

  private static ArchRule onlyTheseLibraries(String context, String... packages) {
    return classes().that().resideInAPackage(ROOT + "." + context + "..").should()
        .onlyDependOnClassesThat(resideInAnyPackage(packages));
  }

  @Test
  void payment_isPureJava() {
    assertThat(violations(onlyTheseLibraries("payment", ROOT + ".payment..", "java..", "org.jspecify..")))
        .isEmpty();
    assertThat(violations(onlyTheseLibraries("payment", "java..", "org.jspecify.."))).isNotEmpty();
  }

  private static ArchRule rulesOfTheLedgerUse(String... packages) {
    return classes().that().resideInAPackage(ROOT + ".ledger").and()
        .haveNameMatching(".*\\.(PostingRules|Posting|Accounts)(\\$.*)?").should()
        .onlyDependOnClassesThat(resideInAnyPackage(packages));
  }

  @Test
  void ledger_rulesArePureJava_andBalancesOnlyReadsSql() {
    assertThat(violations(
        rulesOfTheLedgerUse(ROOT + ".ledger", ROOT + ".payment", "java.lang..", "java.util..",
            "org.jspecify..")))
        .isEmpty();
    assertThat(violations(rulesOfTheLedgerUse(ROOT + ".ledger", "java.."))).isNotEmpty();
    assertThat(violations(onlyTheseLibraries("ledger", ROOT + ".ledger", ROOT + ".payment",
        ROOT + ".platform", "java..", "org.jspecify..", "io.vertx.core", "io.vertx.sqlclient"))).isEmpty();
    assertThat(violations(onlyTheseLibraries("ledger", ROOT + ".ledger", ROOT + ".payment",
        ROOT + ".platform", "java..", "org.jspecify.."))).isNotEmpty();
  }

  /** The embedded servers and the simulator are for trying out: nothing that stays may need them. */
  private static ArchRule usedOnlyBy(String used, String... users) {
    return noClasses().that(not(resideInAnyPackage(users))).should()
        .dependOnClassesThat(resideInAPackage(ROOT + "." + used + ".."));
  }

  @Test
  void embeddedAndSimulator_areUsedByTheRootOnly() {
    for (String used : List.of("embedded", "simulator")) {
      assertThat(violations(usedOnlyBy(used, ROOT, ROOT + ".start", ROOT + "." + used + ".."))).isEmpty();
      assertThat(violations(usedOnlyBy(used, ROOT + "." + used + ".."))).isNotEmpty();
    }
  }

  @Test
  void root_isUsedByNobody() {
    assertThat(violations(
        noClasses().that().resideInAPackage(ROOT + ".*..").should().dependOnClassesThat()
            .resideInAPackage(ROOT)))
        .isEmpty();
  }

  @Test
  void contexts_haveNoCycles() {
    assertThat(violations(slices().matching(ROOT + ".(*)..").should().beFreeOfCycles())).isEmpty();
  }

  private static ArchCondition<JavaClass> block() {
    return new ArchCondition<>("block its thread") {
      @Override
      public void check(JavaClass javaClass, ConditionEvents events) {
        javaClass.getAccessesFromSelf().stream().filter(ArchitectureTest::blocks)
            .forEach(
                access -> events.add(SimpleConditionEvent.satisfied(javaClass, access.getDescription())));
        javaClass.getDirectDependenciesFromSelf().stream()
            .filter(d -> d.getTargetClass().getPackageName().startsWith("java.sql"))
            .forEach(d -> events.add(SimpleConditionEvent.satisfied(javaClass, d.getDescription())));
      }
    };
  }

  private static boolean blocks(JavaAccess<?> access) {
    if (ON_A_WORKER.contains(access.getOriginOwner().getName() + "." + access.getOrigin().getName()))
      return false;
    // A method of our own may be called `wait`: it is looked into itself.
    if (access.getTargetOwner().getPackageName().startsWith(ROOT)) return false;
    return BLOCKING.entrySet().stream().anyMatch(
        e -> e.getValue().contains(access.getName()) && access.getTargetOwner().isAssignableTo(e.getKey()));
  }

  private static ArchRule nobodyBlocksBut(String... names) {
    // A command has its process, and its main thread, to itself.
    return noClasses()
        .that(not(resideInAnyPackage(ROOT, ROOT + ".start", ROOT + ".embedded..", ROOT + ".rebuild..")))
        .and().doNotHaveFullyQualifiedName(names.length > 0 ? names[0] : "-")
        .and().doNotHaveFullyQualifiedName(names.length > 1 ? names[1] : "-").should(block());
  }

  /**
   * Blocking is for the start and the end of the process, the embedded servers, migrations and the book's
   * file.
   */
  @Test
  void loop_isBlockedByNobody() {
    assertThat(violations(nobodyBlocksBut(ROOT + ".platform.Migrations", ROOT + ".simulator.book.BookFile")))
        .isEmpty();
  }

  @Test
  void rule_ofBlocking_canFail() {
    assertThat(violations(nobodyBlocksBut())).anyMatch(line -> line.contains("Migrations"));
    var inRoot = violations(noClasses().that().resideInAnyPackage(ROOT, ROOT + ".start").should(block()));
    assertThat(inRoot).anyMatch(line -> line.contains("CountDownLatch.await"))
        .anyMatch(line -> line.contains("Future.await")).anyMatch(line -> line.contains("java.sql"));
    assertThat(violations(noClasses().that().resideInAPackage(ROOT + ".embedded..").should(block())))
        .isNotEmpty();
  }

  @Test
  void class_isFinalUnlessItIsMadeToBeExtended() {
    assertThat(CLASSES.stream()
        .filter(c -> !c.isInterface() && !c.isEnum() && !c.isAnonymousClass() && !c.isRecord())
        .filter(c -> c.getModifiers().stream().noneMatch(m -> Set.of("FINAL", "ABSTRACT").contains(m.name())))
        .filter(c -> !c.getSimpleName().equals("package-info")).map(JavaClass::getName)).isEmpty();
  }

  @Test
  void class_isNamedByWhatItDoes() {
    assertThat(CLASSES.stream().map(JavaClass::getSimpleName)
        .filter(name -> Arrays.stream(new String[]{"Manager", "Helper", "Util", "Utils", "Impl"})
            .anyMatch(name::endsWith)))
        .isEmpty();
  }
}
