package dev.paddock.cli;

import dev.paddock.server.Paddock;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `paddock demo`: `up`, and then a real push of an example.
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "As `paddock up`, then pushes an example app with git and shows its URL and first answer.",
            "Stays in the foreground."
        })
final class DemoCommand implements Callable<Integer> {
    @Mixin ServeOptions options = new ServeOptions();

    @Override
    public Integer call() throws InterruptedException {
        PrintStream out = System.out;
        return new Serving(options.settings(), out).run(paddock -> show(paddock, out));
    }

    private static void show(Paddock paddock, PrintStream out) {
        ExampleApp example = new ExampleApp(paddock.record(), paddock.operator());
        example.push();
        out.println("demo " + example.url());
        out.println(example.firstAnswer());
        System.err.println(
                "paddock: try it yourself in another shell: eval \"$(./paddock env --data %s)\"; heroku create shop"
                        .formatted(EnvCommand.quote(paddock.record().data().toString())));
    }
}
