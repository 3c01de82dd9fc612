import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;

/// Executes the SQL on its standard input in the database of a platform that runs: `java -cp POSTGRESQL_JAR Sql.java DATA`.
public class Sql {
    public static void main(String[] arguments) throws Exception {
        Path postgres = Path.of(arguments[0], "postgres");
        String url = "jdbc:postgresql://127.0.0.1:" + Files.readString(postgres.resolve("port")).strip() + "/postgres";
        String sql = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        try (Connection connection =
                        DriverManager.getConnection(url, "paddock", Files.readString(postgres.resolve("password")).strip());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
