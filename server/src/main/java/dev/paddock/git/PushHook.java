package dev.paddock.git;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.paddock.accounts.Account;
import dev.paddock.build.Builder;
import dev.paddock.build.TreeTar;
import dev.paddock.core.App;
import dev.paddock.core.FullDisk;
import dev.paddock.core.UserError;
import dev.paddock.deploys.Deployments.Push;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.eclipse.jgit.errors.IncorrectObjectTypeException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.transport.PostReceiveHook;
import org.eclipse.jgit.transport.PreReceiveHook;
import org.eclipse.jgit.transport.ReceiveCommand;
import org.eclipse.jgit.transport.ReceiveCommand.Result;
import org.eclipse.jgit.transport.ReceivePack;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One push: deploys main or master before its ref moves, so that a failed build leaves the ref where it was and the
/// next push tries again. For the thread of its request.
final class PushHook implements PreReceiveHook, PostReceiveHook, AutoCloseable {
    /// The branches that deploy; when both are pushed at once, the first of these.
    static final List<String> BRANCHES = List.of("main", "master");

    private static final Logger LOG = LoggerFactory.getLogger(PushHook.class);

    /// Two builds of 15 minutes.
    private static final Duration MAX_WAIT = Duration.ofMinutes(30);

    private static final long MAX_CHECKOUT_BYTES = 1024L * 1024 * 1024;
    private static final String DECLINED = "pre-receive hook declined";

    private final PushTarget target;
    private final PushQueue queue;
    private final App app;
    private final Account account;
    private Optional<PushQueue.Turn> turn = Optional.empty();

    PushHook(PushTarget target, PushQueue queue, App app, Account account) {
        this.target = target;
        this.queue = queue;
        this.app = app;
        this.account = account;
    }

    @Override
    public void onPreReceive(ReceivePack receive, Collection<ReceiveCommand> commands) {
        Output output = new Output(receive.getMessageOutputStream());
        List<ReceiveCommand> deploying = new ArrayList<>();
        for (ReceiveCommand command : commands) {
            String ref = command.getRefName();
            if (BRANCHES.stream().anyMatch(branch -> ref.equals(Constants.R_HEADS + branch))) {
                deploying.add(command);
            } else if (ref.startsWith(Constants.R_HEADS)
                    && command.getType() != ReceiveCommand.Type.DELETE) {
                output.say(
                        "Pushed to non-main branch, skipping build: "
                                + Repository.shortenRefName(ref));
                output.say("To deploy, push to main or master.");
            }
        }
        deploying.removeIf(command -> refusedAsDeletion(command, output));
        deploying.sort(Comparator.comparingInt(PushHook::rank));
        if (!deploying.isEmpty()) {
            deployFirst(receive, deploying, output);
        }
    }

    private static boolean refusedAsDeletion(ReceiveCommand command, Output output) {
        if (command.getType() != ReceiveCommand.Type.DELETE) {
            return false;
        }
        output.complain(
                "The branch "
                        + Repository.shortenRefName(command.getRefName())
                        + " cannot be deleted: it is what the app was deployed from.");
        command.setResult(Result.REJECTED_NODELETE);
        return true;
    }

    private static int rank(ReceiveCommand command) {
        return BRANCHES.indexOf(command.getRefName().substring(Constants.R_HEADS.length()));
    }

    private void deployFirst(ReceivePack receive, List<ReceiveCommand> commands, Output output) {
        ReceiveCommand first = commands.getFirst();
        if (commands.size() > 1) {
            output.say(
                    "main and master were pushed together: deploying main, master is only stored.");
        }
        Optional<String> refusal = refusal(receive, first, output);
        if (refusal.isPresent()) {
            for (ReceiveCommand command : commands) {
                command.setResult(Result.REJECTED_OTHER_REASON, refusal.get());
            }
        }
    }

    /// Deploys; the answer is why the ref may not move.
    private Optional<String> refusal(ReceivePack receive, ReceiveCommand command, Output output) {
        try {
            // Held until the ref has moved, so that a push of a stale value is seen before it is
            // built.
            turn =
                    queue.enter(
                            app.id(),
                            MAX_WAIT,
                            () -> output.say("-----> Waiting for another push to this app"));
            if (turn.isEmpty()) {
                output.complain("Another push to this app is still not done. Push again later.");
                return Optional.of(DECLINED);
            }
            Repository repository = receive.getRepository();
            Ref now = repository.exactRef(command.getRefName());
            ObjectId held = now == null ? ObjectId.zeroId() : now.getObjectId();
            if (!command.getOldId().equals(held)) {
                output.complain(
                        "Another push moved this branch meanwhile. Fetch, then push again.");
                return Optional.of("fetch first");
            }
            return deploy(repository, command.getNewId(), output)
                    ? Optional.empty()
                    : Optional.of(DECLINED);
        } catch (UserError e) {
            output.complain(e.message());
        } catch (IncorrectObjectTypeException _) {
            output.complain("Only a commit can be deployed, and this is none.");
        } catch (IOException | RuntimeException e) {
            LOG.error("deploying a push to {} failed", app.name(), e);
            output.complain(
                    FullDisk.isBehind(e)
                            ? FullDisk.MESSAGE
                            : "The platform failed to deploy this push. Push again, or ask the operator.");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            output.complain("The platform is stopping. Push again when it is back.");
        }
        return Optional.of(DECLINED);
    }

    private boolean deploy(Repository repository, ObjectId id, Output output)
            throws IOException, InterruptedException {
        try (RevWalk walk = new RevWalk(repository)) {
            RevCommit commit = walk.parseCommit(id);
            TreeTar.check(repository, commit, MAX_CHECKOUT_BYTES);
            try (TreeTar tar = new TreeTar(repository, commit)) {
                Push push =
                        Push.ofCommit(
                                new Builder.Tree.Tar(tar), commit.name(), commit.getShortMessage());
                return target.deploy(app, push, account, output::say);
            }
        }
    }

    @Override
    public void onPostReceive(ReceivePack receive, Collection<ReceiveCommand> commands) {
        Repository repository = receive.getRepository();
        try {
            for (ReceiveCommand command : commands) {
                if (turn.isPresent() && BRANCHES.contains(branch(command))) {
                    pointHeadAt(repository, command.getRefName());
                    break;
                }
            }
            target.setRepositoryBytes(app.id(), Repositories.bytes(repository));
        } catch (IOException | RuntimeException e) {
            LOG.error(
                    "the push to {} is done, but its repository could not be measured",
                    app.name(),
                    e);
        }
    }

    private static String branch(ReceiveCommand command) {
        return Repository.shortenRefName(command.getRefName());
    }

    /// So that a clone checks out a branch that exists.
    private static void pointHeadAt(Repository repository, String ref) throws IOException {
        if (repository.resolve(Constants.HEAD) == null) {
            repository.updateRef(Constants.HEAD, true).link(ref);
        }
    }

    @Override
    public void close() {
        turn.ifPresent(PushQueue.Turn::close);
        turn = Optional.empty();
    }

    /// Lines for the person who pushes, each sent at once. A client that went away does not stop the build.
    private record Output(OutputStream stream) {
        void say(String line) {
            try {
                stream.write((line + "\n").getBytes(UTF_8));
                stream.flush();
            } catch (IOException _) {
                // Nobody is reading; the deployment goes on and the ref follows it.
            }
        }

        void complain(String line) {
            say(" !     " + line);
        }
    }
}
