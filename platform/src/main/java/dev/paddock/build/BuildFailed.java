package dev.paddock.build;

/// Ends a build with a reason for the user; becomes [Builder.BuildResult.Failed] and never leaves this package.
final class BuildFailed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    BuildFailed(String reason) {
        super(reason);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
