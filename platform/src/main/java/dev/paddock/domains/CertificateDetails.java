package dev.paddock.domains;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;

/// What a certificate says about itself.
///
/// @param names the host names it is for
/// @param subject as in `/C=US/CN=www.example.com`
public record CertificateDetails(
        List<String> names, String subject, String issuer, Instant startsAt, Instant expiresAt) {
    private static final int DNS_NAME = 2;
    private static final Pattern HOST =
            Pattern.compile("(\\*\\.)?[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+");

    public CertificateDetails {
        names = List.copyOf(names);
    }

    /// Of the first certificate in PEM text that was checked before.
    public static CertificateDetails of(String chain) {
        try {
            X509Certificate leaf = Pem.certificate(chain);
            return new CertificateDetails(
                    names(leaf),
                    text(leaf.getSubjectX500Principal()),
                    text(leaf.getIssuerX500Principal()),
                    leaf.getNotBefore().toInstant(),
                    leaf.getNotAfter().toInstant());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a stored certificate cannot be read", e);
        }
    }

    public boolean selfSigned() {
        return subject.equals(issuer);
    }

    /// The common name first, if it is a host name, as in old certificates it is the only one.
    private static List<String> names(X509Certificate leaf) throws GeneralSecurityException {
        Set<String> names = new LinkedHashSet<>();
        X500Name subject = name(leaf.getSubjectX500Principal());
        for (RDN rdn : subject.getRDNs(BCStyle.CN)) {
            String name = rdn.getFirst().getValue().toString();
            if (HOST.matcher(name).matches()) {
                names.add(name.toLowerCase(Locale.ROOT));
            }
        }
        if (leaf.getSubjectAlternativeNames() != null) {
            leaf.getSubjectAlternativeNames().stream()
                    .filter(name -> name.getFirst().equals(DNS_NAME))
                    .forEach(name -> names.add(name.get(1).toString().toLowerCase(Locale.ROOT)));
        }
        return List.copyOf(names);
    }

    private static X500Name name(X500Principal principal) {
        return X500Name.getInstance(principal.getEncoded());
    }

    private static String text(X500Principal principal) {
        return Arrays.stream(name(principal).getRDNs())
                .flatMap(rdn -> Arrays.stream(rdn.getTypesAndValues()))
                .map(part -> {
                    String type = BCStyle.INSTANCE.oidToDisplayName(part.getType());
                    return "/" + (type == null ? part.getType() : type) + "=" + part.getValue();
                })
                .collect(Collectors.joining());
    }
}
