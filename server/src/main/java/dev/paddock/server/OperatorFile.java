package dev.paddock.server;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// What the operator's shell needs to talk to this platform; kept in the data directory, readable by the operator
/// alone, since it holds their key.
public record OperatorFile(String email, String key, int apiPort, Path ca) {
    private static final String NAME = "operator";

    /// Throws UserError when there is none or this user may not read it.
    public static OperatorFile read(Path data) {
        Path file = data.resolve(NAME);
        try {
            Map<String, String> values = SmallFiles.read(file);
            return new OperatorFile(
                    values.getOrDefault("email", ""),
                    values.getOrDefault("key", ""),
                    Integer.parseInt(values.getOrDefault("api-port", "0")),
                    Path.of(values.getOrDefault("ca", "")));
        } catch (NoSuchFileException missing) {
            throw UserError.invalid(
                    "There is no platform in %s yet: start one with `paddock up --data %s`."
                            .formatted(data, data));
        } catch (AccessDeniedException denied) {
            throw new UserError(
                    "forbidden",
                    "Only the operator may read %s: call this command as the user who started the platform (with sudo, if it was started so)."
                            .formatted(file));
        } catch (IOException | NumberFormatException e) {
            throw new UserError("unavailable", "Could not read %s: %s.".formatted(file, e));
        }
    }

    static Optional<OperatorFile> find(Path data) {
        return Files.exists(data.resolve(NAME)) ? Optional.of(read(data)) : Optional.empty();
    }

    /// The operator's key was reset.
    public void replaceKey(Path data, String newKey) {
        new OperatorFile(email, newKey, apiPort, ca).write(data);
    }

    void write(Path data) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("email", email);
        values.put("key", key);
        values.put("api-port", Integer.toString(apiPort));
        values.put("ca", ca.toString());
        SmallFiles.writeSecret(data.resolve(NAME), values, Superuser.caller());
    }

    @Override
    public String toString() {
        return "OperatorFile[" + email + "]";
    }
}
