package dev.paddock.routes;

/// A certificate chain and its private key, both as PEM text; the key is a secret.
public record Certificate(String chain, String key) {
    @Override
    public String toString() {
        return "Certificate[" + chain.length() + " chars]";
    }
}
