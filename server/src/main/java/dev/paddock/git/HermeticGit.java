package dev.paddock.git;

import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.storage.file.FileBasedConfig;
import org.eclipse.jgit.storage.file.WindowCacheConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;

/// Keeps JGit away from the operator's own git settings: it reads no system, user or JGit configuration and writes none
/// into the operator's home.
final class HermeticGit extends SystemReader.Delegate {
    /// Blobs beyond this are streamed instead of held in memory.
    private static final int STREAM_FILE_THRESHOLD_BYTES = 4 * 1024 * 1024;

    private HermeticGit(SystemReader system) {
        super(system);
    }

    /// JGit has one SystemReader per process, so this is the one place with static effect.
    static synchronized void install() {
        if (SystemReader.getInstance() instanceof HermeticGit) {
            return;
        }
        SystemReader.setInstance(new HermeticGit(SystemReader.getInstance()));
        WindowCacheConfig cache = new WindowCacheConfig();
        cache.setStreamFileThreshold(STREAM_FILE_THRESHOLD_BYTES);
        cache.install();
    }

    @Override
    public FileBasedConfig openSystemConfig(Config parent, FS fs) {
        return new Nothing(parent, fs);
    }

    @Override
    public FileBasedConfig openUserConfig(Config parent, FS fs) {
        return new Nothing(parent, fs);
    }

    @Override
    public FileBasedConfig openJGitConfig(Config parent, FS fs) {
        return new Nothing(parent, fs);
    }

    private static final class Nothing extends FileBasedConfig {
        // JGit wants a file to name in messages; it is never read or written.
        private Nothing(Config parent, FS fs) {
            super(parent, new java.io.File("no-git-config"), fs);
        }

        @Override
        public void load() {}

        @Override
        public void save() {}

        @Override
        public boolean isOutdated() {
            return false;
        }
    }
}
