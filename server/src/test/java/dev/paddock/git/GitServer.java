package dev.paddock.git;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/// A Jetty on a free port with the git filter in front of a servlet that answers `not git`.
final class GitServer {
    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server);

    GitServer(PushTarget target, Duration idle) throws Exception {
        connector.setHost("127.0.0.1");
        connector.setIdleTimeout(idle.toMillis());
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler();
        context.addFilter(
                new FilterHolder(new GitEndpoint(target).filter()),
                GitEndpoint.PATHS,
                EnumSet.of(DispatcherType.REQUEST));
        context.addServlet(new ServletHolder(new NotGit()), "/*");
        server.setHandler(context);
        server.start();
    }

    String url(String app, String key) {
        return "http://heroku:" + key + "@127.0.0.1:" + port() + "/" + app + ".git";
    }

    int port() {
        return connector.getLocalPort();
    }

    void close() throws Exception {
        server.stop();
    }

    private static final class NotGit extends HttpServlet {
        private static final long serialVersionUID = 1L;

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response)
                throws IOException {
            response.getWriter().write("not git");
        }
    }
}
