package dev.paddock.git;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.paddock.accounts.Account;
import dev.paddock.core.App;
import dev.paddock.core.FullDisk;
import dev.paddock.core.UserError;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jgit.http.server.GitFilter;
import org.eclipse.jgit.http.server.resolver.AsIsFileService;
import org.eclipse.jgit.lib.ObjectChecker;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.transport.ReceivePack;
import org.eclipse.jgit.transport.UploadPack;

/// Lets a git request in: key, app, repository; then JGit speaks the protocol. Safe for any thread.
final class GitRequests implements Filter {
    private static final Pattern PATH =
            Pattern.compile("/([^/]+)\\.git/(info/refs|git-upload-pack|git-receive-pack)");
    private static final Pattern REPOSITORY = Pattern.compile("/[^/]+\\.git(/.*)?");

    private static final String CALLER = GitRequests.class.getName() + ".caller";

    private static final long MAX_PACK_BYTES = 1024L * 1024 * 1024;

    /// JGit holds the base of a delta in memory, so one object may not take more than this part of the heap.
    private static final long MAX_OBJECT_BYTES =
            Math.clamp(Runtime.getRuntime().maxMemory() / 4, 32L * 1024 * 1024, MAX_PACK_BYTES);

    private final PushTarget target;
    private final Repositories repositories;
    private final PushQueue queue = new PushQueue();
    private final GitFilter git = new GitFilter();

    GitRequests(PushTarget target) {
        this.target = target;
        this.repositories = new Repositories(target::repository);
        git.setRepositoryResolver((request, _) -> caller(request).repository());
        git.setAsIsFileService(AsIsFileService.DISABLED);
        git.setUploadPackFactory((_, repository) -> new UploadPack(repository));
        git.setReceivePackFactory(
                (request, repository) -> receivePack(caller(request), repository));
    }

    @Override
    public void init(FilterConfig config) throws ServletException {
        git.init(config);
    }

    @Override
    public void destroy() {
        git.destroy();
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request instanceof HttpServletRequest http
                && response instanceof HttpServletResponse answer
                && REPOSITORY.matcher(path(http)).matches()) {
            serve(http, answer);
        } else {
            chain.doFilter(request, response);
        }
    }

    private void serve(HttpServletRequest request, HttpServletResponse response)
            throws IOException, ServletException {
        Optional<Account> account = key(request).flatMap(target::authenticate);
        if (account.isEmpty()) {
            response.setHeader("WWW-Authenticate", "Basic realm=\"Paddock\", charset=\"UTF-8\"");
            refuse(
                    response,
                    HttpServletResponse.SC_UNAUTHORIZED,
                    "Invalid credentials: give your API key as the password.");
            return;
        }
        Matcher path = PATH.matcher(path(request));
        if (!path.matches()) {
            refuse(
                    response,
                    HttpServletResponse.SC_NOT_FOUND,
                    "Not found: only the smart HTTP protocol of git is spoken here.");
            return;
        }
        try (Caller caller = caller(account.get(), path.group(1))) {
            request.setAttribute(CALLER, caller);
            git.doFilter(new FromRoot(request), response, (_, _) -> {});
        } catch (UserError e) {
            int status =
                    e.id().equals("forbidden")
                            ? HttpServletResponse.SC_FORBIDDEN
                            : HttpServletResponse.SC_NOT_FOUND;
            refuse(response, status, e.message());
        } catch (IOException | RuntimeException e) {
            if (response.isCommitted() || !FullDisk.isBehind(e)) {
                throw e;
            }
            refuse(response, HttpServletResponse.SC_SERVICE_UNAVAILABLE, FullDisk.MESSAGE);
        } finally {
            request.removeAttribute(CALLER);
        }
    }

    private Caller caller(Account account, String name) throws IOException {
        App app = target.app(account, name);
        Repository repository = repositories.open(app.id(), () -> target.app(account, name));
        return new Caller(account, app, repository);
    }

    /// git shows a text/plain body to the user.
    private static void refuse(HttpServletResponse response, int status, String message)
            throws IOException {
        byte[] body = (message + "\n").getBytes(UTF_8);
        response.setStatus(status);
        response.setContentType("text/plain; charset=utf-8");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    private static Optional<String> key(HttpServletRequest request) {
        String header = request.getHeader("Authorization");
        if (header == null || !header.regionMatches(true, 0, "Basic ", 0, 6)) {
            return Optional.empty();
        }
        try {
            String pair =
                    new String(Base64.getDecoder().decode(header.substring(6).strip()), UTF_8);
            int colon = pair.indexOf(':');
            return colon < 0 ? Optional.empty() : Optional.of(pair.substring(colon + 1));
        } catch (IllegalArgumentException _) {
            return Optional.empty(); // no Base64, so no key
        }
    }

    private ReceivePack receivePack(Caller caller, Repository repository) {
        ReceivePack receive = new ReceivePack(repository);
        ObjectChecker checker = new ObjectChecker();
        // Old histories carry these two, and they harm nobody.
        checker.setAllowLeadingZeroFileMode(true);
        checker.setAllowInvalidPersonIdent(true);
        receive.setObjectChecker(checker);
        receive.setMaxObjectSizeLimit(MAX_OBJECT_BYTES);
        receive.setMaxPackSizeLimit(MAX_PACK_BYTES);
        receive.setRefLogIdent(null);
        PushHook hook = new PushHook(target, queue, caller.app(), caller.account());
        caller.push(hook);
        receive.setPreReceiveHook(hook);
        receive.setPostReceiveHook(hook);
        return receive;
    }

    private static Caller caller(HttpServletRequest request) {
        if (request.getAttribute(CALLER) instanceof Caller caller) {
            return caller;
        }
        throw new IllegalStateException("a git request that was not let in");
    }

    private static String path(HttpServletRequest request) {
        String info = request.getPathInfo();
        return request.getServletPath() + (info == null ? "" : info);
    }

    /// Who asks for what, while the request lasts.
    private static final class Caller implements AutoCloseable {
        private final Account account;
        private final App app;
        private final Repository repository;
        private Optional<PushHook> push = Optional.empty();

        private Caller(Account account, App app, Repository repository) {
            this.account = account;
            this.app = app;
            this.repository = repository;
        }

        Account account() {
            return account;
        }

        App app() {
            return app;
        }

        /// JGit closes it too; it is counted.
        Repository repository() {
            repository.incrementOpen();
            return repository;
        }

        void push(PushHook hook) {
            push = Optional.of(hook);
        }

        @Override
        public void close() {
            push.ifPresent(PushHook::close);
            repository.close();
        }
    }

    /// JGit looks at the path info only, whatever the filter is mapped to.
    private static final class FromRoot extends HttpServletRequestWrapper {
        private final String path;

        private FromRoot(HttpServletRequest request) {
            super(request);
            this.path = path(request);
        }

        @Override
        public String getServletPath() {
            return "";
        }

        @Override
        public String getPathInfo() {
            return path;
        }
    }
}
