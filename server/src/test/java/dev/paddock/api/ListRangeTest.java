package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListRangeTest {
    private static final List<Integer> TWENTY = IntStream.rangeClosed(1, 20).boxed().toList();
    private static final List<Page.Key<Integer>> KEYS =
            List.of(
                    Page.Key.number("version", number -> number),
                    Page.Key.text("id", "item-%02d"::formatted));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "version ..; max=3, order=desc",
                "version ..; order=desc,max=3",
                "version ..;max=3;order=desc",
                "version; max=3, order=desc",
                "order=desc,max=3",
                "max=3, order=desc"
            })
    void newestFewAreAskedForInManySpellings(String header) {
        assertThat(page(header).items()).containsExactly(20, 19, 18);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "bytes=0-99"})
    void headersThatMeanNoListAreIgnored(String header) {
        Page<Integer> page = page(header);

        assertThat(page.items()).isEqualTo(TWENTY);
        assertThat(page.partial()).isFalse();
        assertThat(page.headers()).doesNotContainKey("Next-Range");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense ..",
                "version 1..2..3..",
                "version ..; max=0",
                "version ..; max=-1",
                "version ..; max=x",
                "version ..; order=up",
                "version x..",
                "version !!",
                "VERSION .."
            })
    void rangesThatCannotBeServedAreRefused(String header) {
        assertThatThrownBy(() -> page(header))
                .isInstanceOfSatisfying(
                        UserError.class,
                        error -> assertThat(ApiErrors.status(error.id())).isEqualTo(416));
    }

    @ParameterizedTest
    @ValueSource(strings = {"asc", "desc"})
    void followingNextRangeVisitsEachEntryOnce(String order) {
        List<Integer> seen = new ArrayList<>();
        Page<Integer> page = page("version ..; max=7, order=" + order);
        seen.addAll(page.items());
        while (page.headers().containsKey("Next-Range")) {
            page = page(page.headers().get("Next-Range"));
            seen.addAll(page.items());
        }

        assertThat(seen).isEqualTo(order.equals("asc") ? TWENTY : TWENTY.reversed());
    }

    @Test
    void boundsAreInclusiveUnlessMarked() {
        assertThat(page("version 5..7").items()).containsExactly(5, 6, 7);
        assertThat(page("version ]5..7").items()).containsExactly(6, 7);
        assertThat(page("id item-18..").items()).containsExactly(18, 19, 20);
        assertThat(page("version ]7..5; order=desc").items()).containsExactly(6, 5);
        assertThat(page("version 30..").items()).isEmpty();
    }

    @Test
    void headersTellWhatWasSentAndWhatMayBeAskedFor() {
        Page<Integer> page = page("version ..; max=5");

        assertThat(page.partial()).isTrue();
        assertThat(page.headers())
                .containsEntry("Accept-Ranges", "version, id")
                .containsEntry("Content-Range", "version 1..5")
                .containsEntry("Next-Range", "version ]5..; max=5");
    }

    private static Page<Integer> page(String header) {
        return Page.of(TWENTY, ListRange.parse(header), KEYS);
    }
}
