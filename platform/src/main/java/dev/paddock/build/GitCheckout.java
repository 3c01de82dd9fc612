package dev.paddock.build;

import dev.paddock.core.UserError;
import dev.paddock.outbound.OutboundHttp;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.eclipse.jgit.lib.NullProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.TagOpt;
import org.eclipse.jgit.transport.Transport;
import org.eclipse.jgit.transport.TransportHttp;
import org.eclipse.jgit.transport.URIish;

/// A commit of a buildpack's git repository, fetched into a bare repository of its own. For one thread.
final class GitCheckout implements AutoCloseable {
    private static final String HEAD = "refs/fetched/HEAD";

    private final Repository repository;
    private final Path directory;
    private final ObjectId commit;

    private GitCheckout(Repository repository, Path directory, ObjectId commit) {
        this.repository = repository;
        this.directory = directory;
        this.commit = commit;
    }

    static GitCheckout fetch(Buildpack buildpack, Path work, Budget budget, OutboundHttp http)
            throws IOException {
        Path directory = work.resolve("git");
        Repository repository =
                new FileRepositoryBuilder().setBare().setGitDir(directory.toFile()).build();
        boolean done = false;
        try {
            repository.create(true);
            fetch(repository, buildpack, budget, http);
            String wanted = buildpack.revision().orElse(HEAD);
            Optional<ObjectId> commit = resolve(repository, wanted);
            GitCheckout checkout =
                    new GitCheckout(
                            repository,
                            directory,
                            commit.orElseThrow(() -> failed(buildpack, "it has no " + wanted)));
            done = true;
            return checkout;
        } catch (org.eclipse.jgit.errors.TransportException | URISyntaxException e) {
            throw failed(buildpack, cause(e));
        } catch (UserError e) {
            throw failed(buildpack, e.message());
        } finally {
            if (!done) {
                repository.close();
                FileTree.remove(directory);
            }
        }
    }

    private static void fetch(
            Repository repository, Buildpack buildpack, Budget budget, OutboundHttp http)
            throws IOException, URISyntaxException {
        boolean all = buildpack.revision().isPresent();
        List<RefSpec> wanted =
                all
                        ? List.of(
                                new RefSpec("+refs/heads/*:refs/heads/*"),
                                new RefSpec("+refs/tags/*:refs/tags/*"))
                        : List.of(new RefSpec("+HEAD:" + HEAD));
        try (Transport transport =
                Transport.open(repository, new URIish(buildpack.url().toString()))) {
            if (!(transport instanceof TransportHttp git)) {
                throw failed(buildpack, "only http and https are spoken here");
            }
            git.setHttpConnectionFactory(new GitConnection.Factory(http, budget));
            transport.setTagOpt(TagOpt.NO_TAGS);
            transport.setCheckFetchedObjects(true);
            transport.fetch(NullProgressMonitor.INSTANCE, wanted);
        }
    }

    private static Optional<ObjectId> resolve(Repository repository, String wanted)
            throws IOException {
        for (String name : List.of(wanted, "refs/heads/" + wanted, "refs/tags/" + wanted)) {
            ObjectId found =
                    Repository.isValidRefName(name) || ObjectId.isId(name)
                            ? repository.resolve(name + "^{commit}")
                            : null;
            if (found != null) {
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    private static BuildFailed failed(Buildpack buildpack, String why) {
        return new BuildFailed("the buildpack " + buildpack.shown() + " cannot be fetched: " + why);
    }

    private static String cause(Exception e) {
        String text = String.valueOf(e.getMessage());
        if (text.contains("CredentialsProvider") || text.contains("not authorized")) {
            return "its server asks for a name and a password, or refuses the given ones";
        }
        return text.substring(text.lastIndexOf(": ") + 1).strip();
    }

    InputStream tar() throws IOException {
        try (RevWalk walk = new RevWalk(repository)) {
            return new TreeTar(repository, walk.parseCommit(commit));
        }
    }

    @Override
    public void close() {
        repository.close();
        FileTree.remove(directory);
    }
}
