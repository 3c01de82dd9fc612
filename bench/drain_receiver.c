// Receives log drains: `drain_receiver PORT http|syslog`. A thread per connection counts the frames (`LEN SP MESSAGE`) and the
// lines that L10 messages tell of as dropped. For each line on standard input it prints both sums.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static atomic_long frames, dropped;
static int http;

struct stream { int fd; size_t at, filled; char bytes[1 << 18]; };

// Makes at least `wanted` bytes readable at the stream's place; 0 at its end.
static int fill(struct stream *s, size_t wanted) {
    if (s->filled - s->at >= wanted) return 1;
    memmove(s->bytes, s->bytes + s->at, s->filled - s->at);
    s->filled -= s->at;
    s->at = 0;
    while (s->filled < wanted) {
        ssize_t n = read(s->fd, s->bytes + s->filled, sizeof s->bytes - s->filled);
        if (n <= 0) return 0;
        s->filled += n;
    }
    return 1;
}

// Reads one frame; its bytes in all, 0 at the end.
static long frame(struct stream *s) {
    long length = 0, head = 0;
    for (;;) {
        if (!fill(s, head + 1)) return 0;
        char c = s->bytes[s->at + head++];
        if (c == ' ') break;
        if (c < '0' || c > '9') return 0;
        length = length * 10 + (c - '0');
    }
    if (!fill(s, head + length)) return 0;
    char *message = s->bytes + s->at + head;
    if (length > 5 && memcmp(message, "<172>", 5) == 0) {
        char *l10 = memmem(message, length, "overflow): ", 11);
        if (l10) atomic_fetch_add(&dropped, atol(l10 + 11));
    } else {
        atomic_fetch_add(&frames, 1);
    }
    s->at += head + length;
    return head + length;
}

// Reads the head of a request; the length of its body, -1 at the end.
static long head(struct stream *s) {
    for (size_t have = 1; fill(s, have); have = s->filled - s->at + 1) {
        char *begin = s->bytes + s->at, *end = memmem(begin, s->filled - s->at, "\r\n\r\n", 4);
        if (end) {
            *end = 0;
            char *length = strcasestr(begin, "content-length:");
            s->at += end + 4 - begin;
            return length ? atol(length + 15) : 0;
        }
    }
    return -1;
}

static void *serve(void *argument) {
    struct stream *s = calloc(1, sizeof *s);
    s->fd = (int)(long)argument;
    static const char ok[] = "HTTP/1.1 204 No Content\r\n\r\n";
    if (http) {
        for (long left; (left = head(s)) >= 0;) {
            while (left > 0) {
                long n = frame(s);
                if (n == 0) goto end;
                left -= n;
            }
            if (write(s->fd, ok, sizeof ok - 1) < 0) break;
        }
    } else {
        while (frame(s) > 0) {}
    }
end:
    close(s->fd);
    free(s);
    return 0;
}

static void *listening(void *argument) {
    for (;;) {
        int fd = accept((int)(long)argument, 0, 0);
        if (fd < 0) return 0;
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        pthread_t thread;
        pthread_create(&thread, 0, serve, (void *)(long)fd);
        pthread_detach(thread);
    }
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    http = strcmp(arguments[2], "http") == 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (void *)&address, sizeof address) || listen(fd, 512)) return 1;
    pthread_t thread;
    pthread_create(&thread, 0, listening, (void *)(long)fd);
    char line[16];
    while (fgets(line, sizeof line, stdin)) {
        printf("%ld %ld\n", atomic_load(&frames), atomic_load(&dropped));
        fflush(stdout);
    }
    return 0;
}
