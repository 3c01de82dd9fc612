package dev.paddock.git;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;

/// Copies bare repositories while pushes go on: the refs of one moment, and then all objects, among them those that the
/// refs lead to.
public final class RepositoryCopy {
    /// A repository's files in a copy: nothing in it can lead out of the repository, be configuration, or run.
    public static final Pattern FILE =
            Pattern.compile(
                    "HEAD|packed-refs|objects/[0-9a-f]{2}/[0-9a-f]{38}"
                            + "|objects/pack/pack-[0-9a-f]{40}\\.(pack|idx|rev|bitmap)");

    /// Objects that are packed while we read them are read again from their pack.
    private static final int MAX_PASSES = 20;

    private RepositoryCopy() {}

    /// Where the files of a copy go.
    public interface Target {
        void add(String name, String text) throws IOException;

        /// Throws NoSuchFileException when the file is gone.
        void add(String name, Path file) throws IOException;
    }

    public static void save(Path directory, Target target) throws IOException {
        try (Repository repository = open(directory)) {
            Ref head = repository.exactRef(Constants.HEAD);
            if (head == null || !head.isSymbolic()) {
                return;
            }
            target.add("HEAD", "ref: " + head.getTarget().getName() + "\n");
            target.add("packed-refs", packed(repository));
        }
        Set<String> done = new HashSet<>();
        for (int pass = 0; pass < MAX_PASSES; pass++) {
            if (saveObjects(directory, done, target)) {
                return;
            }
        }
        throw new IOException("The objects of " + directory + " change all the time");
    }

    private static Repository open(Path directory) throws IOException {
        HermeticGit.install();
        return new FileRepositoryBuilder().setGitDir(directory.toFile()).setBare().build();
    }

    private static String packed(Repository repository) throws IOException {
        Set<String> lines = new TreeSet<>(Comparator.comparing(line -> line.substring(41)));
        for (Ref ref : repository.getRefDatabase().getRefsByPrefix(Constants.R_REFS)) {
            if (!ref.isSymbolic() && ref.getObjectId() != null) {
                lines.add(ref.getObjectId().name() + " " + ref.getName());
            }
        }
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(line).append('\n'));
        return text.toString();
    }

    /// Loose ones are looked for first: what goes from there to a pack meanwhile is found in that. False when a file went
    /// away before it was read.
    private static boolean saveObjects(Path directory, Set<String> done, Target target)
            throws IOException {
        boolean whole = true;
        for (String name : objects(directory)) {
            if (!done.contains(name)) {
                try {
                    target.add(name, directory.resolve(name));
                    done.add(name);
                } catch (NoSuchFileException _) {
                    whole = false;
                }
            }
        }
        return whole;
    }

    private static List<String> objects(Path directory) throws IOException {
        Path objects = directory.resolve(Constants.OBJECTS);
        Set<String> loose = new TreeSet<>();
        for (Path folder : list(objects)) {
            if (!folder.endsWith("pack")) {
                list(folder).forEach(file -> loose.add(directory.relativize(file).toString()));
            }
        }
        // A pack before its index, which makes it count.
        Set<String> packs = new TreeSet<>(Comparator.reverseOrder());
        list(objects.resolve("pack"))
                .forEach(file -> packs.add(directory.relativize(file).toString()));
        return Stream.concat(loose.stream(), packs.stream())
                .filter(name -> FILE.matcher(name).matches())
                .toList();
    }

    private static List<Path> list(Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            List<Path> found = new ArrayList<>();
            files.forEach(found::add);
            return found;
        } catch (NotDirectoryException | NoSuchFileException _) {
            return List.of();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /// Makes an empty repository, which the files of a copy are then put into.
    public static void create(Path directory) {
        HermeticGit.install();
        try {
            Repositories.create(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("Making the repository " + directory, e);
        }
    }

    /// Throws IOException when a ref leads to an object that is not there.
    public static void check(Path directory) throws IOException {
        try (Repository repository = open(directory);
                ObjectReader reader = repository.newObjectReader()) {
            for (Ref ref : repository.getRefDatabase().getRefsByPrefix(Constants.R_REFS)) {
                if (ref.getObjectId() != null && !reader.has(ref.getObjectId())) {
                    throw new IOException(
                            "The repository %s lacks %s, which %s leads to"
                                    .formatted(
                                            directory.getFileName(),
                                            ref.getObjectId().name(),
                                            ref.getName()));
                }
            }
        }
    }
}
