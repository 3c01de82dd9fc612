package dev.paddock.router;

import dev.paddock.routes.Certificate;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Base64;

/// The certificate shown to clients that ask for a name without one: made at start, trusted by nobody.
final class SelfSigned {
    private static final int SET = 0x31;
    private static final int BIT_STRING = 0x03;
    private static final int UTF8_STRING = 0x0c;
    private static final int GENERALIZED_TIME = 0x18;
    private static final int VERSION_TAG = 0xa0;
    private static final byte[] ECDSA_SHA256 = {
        6, 8, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 4, 3, 2
    };
    private static final byte[] COMMON_NAME = {6, 3, 0x55, 4, 3};
    private static final Duration VALID = Duration.ofDays(3650);

    private SelfSigned() {}

    static Certificate make(String name) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair keys = generator.generateKeyPair();
            byte[] algorithm = Der.of(Der.SEQUENCE, ECDSA_SHA256);
            byte[] subject =
                    Der.of(
                            Der.SEQUENCE,
                            Der.of(
                                    SET,
                                    Der.of(
                                            Der.SEQUENCE,
                                            COMMON_NAME,
                                            Der.of(
                                                    UTF8_STRING,
                                                    name.getBytes(StandardCharsets.UTF_8)))));
            Instant now = Instant.now();
            byte[] body =
                    Der.of(
                            Der.SEQUENCE,
                            Der.of(VERSION_TAG, Der.of(Der.INTEGER, new byte[] {2})),
                            Der.of(
                                    Der.INTEGER,
                                    new BigInteger(63, new SecureRandom()).toByteArray()),
                            algorithm,
                            subject,
                            Der.of(
                                    Der.SEQUENCE,
                                    time(now.minus(Duration.ofDays(1))),
                                    time(now.plus(VALID))),
                            subject,
                            keys.getPublic().getEncoded());
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(keys.getPrivate());
            signature.update(body);
            byte[] certificate =
                    Der.of(
                            Der.SEQUENCE,
                            body,
                            algorithm,
                            Der.of(BIT_STRING, new byte[] {0}, signature.sign()));
            return new Certificate(
                    pem("CERTIFICATE", certificate),
                    pem("PRIVATE KEY", keys.getPrivate().getEncoded()));
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every JDK makes P-256 signatures", missing);
        }
    }

    private static byte[] time(Instant at) {
        // By hand, for java's formatters take longer to load than all of this.
        LocalDateTime utc = LocalDateTime.ofEpochSecond(at.getEpochSecond(), 0, ZoneOffset.UTC);
        long digits = utc.getYear();
        int[] pairs = {
            utc.getMonthValue(),
            utc.getDayOfMonth(),
            utc.getHour(),
            utc.getMinute(),
            utc.getSecond()
        };
        for (int pair : pairs) {
            digits = 100 * digits + pair;
        }
        return Der.of(GENERALIZED_TIME, (digits + "Z").getBytes(StandardCharsets.US_ASCII));
    }

    private static String pem(String type, byte[] der) {
        return "-----BEGIN "
                + type
                + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END "
                + type
                + "-----\n";
    }
}
