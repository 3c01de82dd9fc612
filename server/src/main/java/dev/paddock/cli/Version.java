package dev.paddock.cli;

import dev.paddock.server.ProductVersion;
import picocli.CommandLine.IVersionProvider;

/// Answers `--version` of each command.
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "paddock " + ProductVersion.text() + " (java " + Runtime.version() + ")",
        };
    }
}
