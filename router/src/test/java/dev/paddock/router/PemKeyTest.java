package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class PemKeyTest {
    private static final String EC_PARAMETERS =
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";

    @Test
    void pkcs8IsReadForBothKindsOfKeys() throws GeneralSecurityException {
        for (KeyPair pair : new KeyPair[] {rsa(), ec()}) {
            String text = pem("PRIVATE KEY", pair.getPrivate().getEncoded());

            assertThat(PemKey.read(text, pair.getPublic())).isEqualTo(pair.getPrivate());
        }
    }

    @Test
    void olderFormOfAnRsaKeyIsRead() throws GeneralSecurityException {
        KeyPair pair = rsa();
        RSAPrivateCrtKey key = (RSAPrivateCrtKey) pair.getPrivate();
        byte[] pkcs1 =
                Der.of(
                        Der.SEQUENCE,
                        integer(BigInteger.ZERO),
                        integer(key.getModulus()),
                        integer(key.getPublicExponent()),
                        integer(key.getPrivateExponent()),
                        integer(key.getPrimeP()),
                        integer(key.getPrimeQ()),
                        integer(key.getPrimeExponentP()),
                        integer(key.getPrimeExponentQ()),
                        integer(key.getCrtCoefficient()));

        PrivateKey read = PemKey.read(pem("RSA PRIVATE KEY", pkcs1), pair.getPublic());

        assertThat(read).isEqualTo(key);
    }

    @Test
    void olderFormOfAnEcKeyIsReadBehindItsParameters() throws GeneralSecurityException {
        KeyPair pair = ec();
        ECPrivateKey key = (ECPrivateKey) pair.getPrivate();
        byte[] scalar = new BigInteger(1, key.getS().toByteArray()).toByteArray();
        byte[] padded = new byte[32];
        int length = Math.min(32, scalar.length);
        System.arraycopy(scalar, scalar.length - length, padded, 32 - length, length);
        byte[] sec1 =
                Der.of(Der.SEQUENCE, integer(BigInteger.ONE), Der.of(Der.OCTET_STRING, padded));

        PrivateKey read =
                PemKey.read(EC_PARAMETERS + pem("EC PRIVATE KEY", sec1), pair.getPublic());

        assertThat(((ECPrivateKey) read).getS()).isEqualTo(key.getS());
    }

    @Test
    void whatIsNoPlainKeyIsRefusedInWords() throws GeneralSecurityException {
        KeyPair pair = ec();

        assertThatThrownBy(() -> PemKey.read("nothing", pair.getPublic()))
                .hasMessageContaining("BEGIN PRIVATE KEY");
        assertThatThrownBy(() ->
                        PemKey.read(pem("ENCRYPTED PRIVATE KEY", new byte[] {1}), pair.getPublic()))
                .hasMessageContaining("is it encrypted?");
    }

    @Test
    void keyOfAnotherKindIsRefused() throws GeneralSecurityException {
        String text = pem("PRIVATE KEY", rsa().getPrivate().getEncoded());
        KeyPair other = ec();

        assertThatThrownBy(() -> PemKey.read(text, other.getPublic()))
                .isInstanceOf(GeneralSecurityException.class);
    }

    private static KeyPair rsa() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    private static KeyPair ec() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private static byte[] integer(BigInteger value) {
        return Der.of(Der.INTEGER, value.toByteArray());
    }

    private static String pem(String what, byte[] bytes) {
        return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
                .formatted(what, Base64.getMimeEncoder().encodeToString(bytes));
    }
}
