package dev.paddock;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Holds the promises of ARCHITECTURE.md that a compiler cannot: no package cycles, sole callers, walls.
class ArchitectureTest {
    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes =
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .withImportOption(location -> !location.contains("-tests.jar"))
                        .importPackages("dev.paddock");
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.paddock.(**)").should().beFreeOfCycles().check(classes);
    }

    @Test
    void platformPackagesDependOnlyOnThoseToTheirLeft() {
        List<String> order =
                List.of(
                        "outbound",
                        "daemons",
                        "store",
                        "accounts",
                        "apps",
                        "pipelines",
                        "webhooks",
                        "logs",
                        "drains",
                        "build",
                        "releases",
                        "formation",
                        "domains",
                        "addons",
                        "metering",
                        "scheduler",
                        "deploys");
        for (int i = 0; i < order.size(); i++) {
            String[] right =
                    order.subList(i + 1, order.size()).stream()
                            .map(name -> "dev.paddock." + name + "..")
                            .toArray(String[]::new);
            if (right.length > 0) {
                noClasses()
                        .that()
                        .resideInAPackage("dev.paddock." + order.get(i))
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(right)
                        .allowEmptyShould(true)
                        .check(classes);
            }
        }
    }

    @Test
    void onlyFormationsSaysWhatAnAppShouldRun() {
        onlyCaller("dev.paddock.manifold.Manifold", "want", "dev.paddock.formation.Formations");
    }

    @Test
    void onlyRoutePublisherPublishesRoutes() {
        onlyCaller("dev.paddock.domains.Routers", "publish", "dev.paddock.domains.RoutePublisher");
    }

    @Test
    void onlyTheManifoldConcludesTransitions() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.paddock.manifold", "dev.paddock.dyno")
                .should()
                .callConstructorWhere(
                        describe(
                                "it makes a DynoTransition",
                                call ->
                                        call.getTargetOwner()
                                                .getFullName()
                                                .equals("dev.paddock.dyno.DynoTransition")))
                .check(classes);
    }

    @Test
    void onlyReleasesWritesReleases() throws IOException {
        assertThat(
                        sourcesMatching(
                                "platform/src/main/java",
                                Pattern.compile(
                                        "(?i)\\b(insert\\s+into|update|delete\\s+from)\\s+releases\\b")))
                // v1 is born with its app, in the same transaction: docs/adr/0005.
                .containsExactlyInAnyOrder(
                        "dev/paddock/releases/Releases.java", "dev/paddock/apps/Apps.java");
    }

    @Test
    void onlyTheServerNamesAConcreteEngine() {
        rule(
                noClasses()
                        .that()
                        .resideOutsideOfPackages(
                                "dev.paddock.engine..",
                                "dev.paddock.server",
                                "dev.paddock.doctor",
                                "dev.paddock.cli")
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage("dev.paddock.engine.."));
    }

    @Test
    void theRouterKnowsOnlyTheVocabulary() {
        rule(
                classes()
                        .that()
                        .resideInAPackage("dev.paddock.router..")
                        .should()
                        .onlyDependOnClassesThat(
                                describe(
                                        "no module but core",
                                        type ->
                                                !type.getPackageName().startsWith("dev.paddock")
                                                        || type.getPackageName()
                                                                .startsWith("dev.paddock.router")
                                                        || List.of("core", "dyno", "log", "routes")
                                                                .contains(
                                                                        type.getPackageName()
                                                                                .replace(
                                                                                        "dev.paddock.",
                                                                                        "")))));
    }

    @Test
    void nettyStaysInTheRouterAndSqlOutOfIt() {
        rule(
                noClasses()
                        .that()
                        .resideOutsideOfPackage("dev.paddock.router..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage("io.netty.."));
        rule(
                noClasses()
                        .that()
                        .resideInAnyPackage("dev.paddock.router..", "dev.paddock.engine..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage("org.jdbi..", "java.sql.."));
    }

    @Test
    void jsonFieldNamesOfTheApiStayInRepresentations() {
        rule(
                noClasses()
                        .that()
                        .resideInAPackage("dev.paddock.api")
                        .and()
                        .haveSimpleNameNotEndingWith("Representations")
                        .should()
                        .callMethodWhere(
                                describe(
                                        "it names a JSON field",
                                        call ->
                                                call.getTargetOwner()
                                                                .getFullName()
                                                                .equals(
                                                                        "tools.jackson.databind.node.ObjectNode")
                                                        && call.getTarget()
                                                                .getName()
                                                                .startsWith("put"))));
    }

    private static void rule(ArchRule rule) {
        rule.allowEmptyShould(true).check(classes);
    }

    private static void onlyCaller(String owner, String method, String caller) {
        rule(
                noClasses()
                        .that(
                                describe(
                                        "are neither " + caller + " nor " + owner,
                                        type ->
                                                !type.getFullName().startsWith(caller)
                                                        && !type.getFullName().startsWith(owner)))
                        .should()
                        .accessTargetWhere(
                                describe(
                                        "it is " + owner + "." + method,
                                        (JavaAccess<?> access) ->
                                                access.getTargetOwner().getFullName().equals(owner)
                                                        && access.getTarget()
                                                                .getName()
                                                                .equals(method))));
    }

    private static List<String> sourcesMatching(String folder, Pattern pattern) throws IOException {
        Path root = Path.of(System.getProperty("basedir", ".")).toAbsolutePath().getParent();
        Path sources = Files.exists(Path.of(folder)) ? Path.of(folder) : root.resolve(folder);
        List<String> found = new ArrayList<>();
        try (var files = Files.walk(sources)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                if (pattern.matcher(Files.readString(file)).find()) {
                    found.add(sources.relativize(file).toString());
                }
            }
        }
        return found;
    }
}
