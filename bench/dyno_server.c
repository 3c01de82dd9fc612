// What bench/dynos.sh runs in a dyno: it notes when its first instruction ran and when its port was open, and tells
// both, in nanoseconds of the monotonic clock, to whoever connects.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(void) {
    long long begun = now();
    const char *port = getenv("PORT");
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port ? atoi(port) : 0)};
    int one = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, 128)) {
        perror("dyno_server");
        return 1;
    }
    long long open = now();
    // One that connects only to see whether it can is gone before the answer.
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0) {
            dprintf(connection, "%lld %lld\n", begun, open);
            close(connection);
        }
    }
}
