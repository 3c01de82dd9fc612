package dev.paddock.build;

import dev.paddock.outbound.OutboundHttp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Proxy;
import java.net.URI;
import java.net.URL;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;
import org.eclipse.jgit.transport.http.HttpConnection;
import org.eclipse.jgit.transport.http.HttpConnectionFactory;
import org.jspecify.annotations.Nullable;

/// One request of JGit, sent the way everything goes that tenants point somewhere. JGit follows redirects itself, each
/// with a connection of its own. For one thread.
final class GitConnection implements HttpConnection {
    private final URL url;
    private final OutboundHttp http;
    private final Budget budget;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private String method = "GET";
    private Optional<OutboundHttp.Answer> answer = Optional.empty();

    GitConnection(URL url, OutboundHttp http, Budget budget) {
        this.url = url;
        this.http = http;
        this.budget = budget;
    }

    /// Makes the connections of one fetch, which share a budget.
    record Factory(OutboundHttp http, Budget budget) implements HttpConnectionFactory {
        @Override
        public HttpConnection create(URL url) {
            return new GitConnection(url, http, budget);
        }

        @Override
        public HttpConnection create(URL url, Proxy proxy) {
            return create(url);
        }
    }

    private OutboundHttp.Answer answer() throws IOException {
        if (answer.isEmpty()) {
            // What is gzipped would be unpacked by JGit without a limit.
            headers.remove("Accept-Encoding");
            answer =
                    Optional.of(
                            http.send(
                                    method,
                                    URI.create(url.toString()),
                                    headers,
                                    body.toByteArray()));
        }
        return answer.get();
    }

    @Override
    public int getResponseCode() throws IOException {
        return answer().status();
    }

    @Override
    public URL getURL() {
        return url;
    }

    @Override
    public String getResponseMessage() throws IOException {
        return String.valueOf(answer().status());
    }

    @Override
    public Map<String, List<String>> getHeaderFields() {
        return answer.map(GitConnection::grouped).orElse(Map.of());
    }

    private static Map<String, List<String>> grouped(OutboundHttp.Answer answer) {
        return answer.headers().stream()
                .collect(
                        Collectors.groupingBy(
                                Map.Entry::getKey,
                                () -> new TreeMap<>(String.CASE_INSENSITIVE_ORDER),
                                Collectors.mapping(Map.Entry::getValue, Collectors.toList())));
    }

    @Override
    public void setRequestProperty(String key, String value) {
        headers.put(key, value);
    }

    @Override
    public void setRequestMethod(String method) {
        this.method = method;
    }

    @Override
    public @Nullable String getContentType() {
        return getHeaderField("Content-Type");
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return budget.limit(answer());
    }

    @Override
    public @Nullable String getHeaderField(String name) {
        return answer.flatMap(it -> it.header(name)).orElse(null);
    }

    @Override
    public List<String> getHeaderFields(String name) {
        return getHeaderFields().getOrDefault(name, List.of());
    }

    @Override
    public int getContentLength() {
        String length = getHeaderField("Content-Length");
        return length != null && length.matches("[0-9]{1,9}") ? Integer.parseInt(length) : -1;
    }

    @Override
    public OutputStream getOutputStream() {
        return body;
    }

    @Override
    public String getRequestMethod() {
        return method;
    }

    @Override
    public boolean usingProxy() {
        return false;
    }

    @Override
    public void connect() throws IOException {
        answer();
    }

    @Override
    public void setUseCaches(boolean use) {}

    @Override
    public void setConnectTimeout(int timeout) {}

    @Override
    public void setReadTimeout(int timeout) {}

    @Override
    public void setInstanceFollowRedirects(boolean follow) {}

    @Override
    public void setDoOutput(boolean output) {}

    @Override
    public void setFixedLengthStreamingMode(int length) {}

    @Override
    public void setChunkedStreamingMode(int length) {}

    @Override
    public void configure(KeyManager[] keys, TrustManager[] trust, SecureRandom random) {}

    @Override
    public void setHostnameVerifier(HostnameVerifier verifier) {}
}
