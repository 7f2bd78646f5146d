/* The least that a client can do with the load of LoadBenchmark: epoll, a read for each segment with the kernel's arrival time, and not one look at what was
   read but for the end. What a token costs here is the kernel's share; no client that reads these sockets costs less.
   Arguments: port, streams, tokens of each answer, milliseconds between two looks. Prints microseconds of processor time a token, and of it in user mode. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int *sockets, streams;
static char buffer[256 * 1024];

static double user_seconds(const struct rusage *usage) { return usage->ru_utime.tv_sec + usage->ru_utime.tv_usec * 1e-6; }
static double system_seconds(const struct rusage *usage) { return usage->ru_stime.tv_sec + usage->ru_stime.tv_usec * 1e-6; }

static void ask(int tokens)
{
    char body[1024], request[2048];
    int length = snprintf(body, sizeof body, "{\"model\":\"schedule\",\"messages\":[{\"role\":\"user\",\"content\":\"word word word word\"}],\"max_tokens\":%d,\"stream\":true}", tokens);
    int size = snprintf(request, sizeof request, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", length, body);
    for (int at = 0; at < streams; at++)
        if (write(sockets[at], request, size) != size) { perror("write"); exit(1); }
}

static long read_all(int poll, long pause)
{
    static struct epoll_event events[2048];
    long reads = 0;
    for (int ended = 0; ended < streams;)
    {
        nanosleep(&(struct timespec){ 0, pause }, NULL);
        int count = epoll_wait(poll, events, 2048, 0);
        for (int at = 0; at < count; at++)
        {
            long control[8];
            struct iovec vector = { buffer, sizeof buffer };
            struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
            ssize_t got = recvmsg(sockets[events[at].data.u32], &message, MSG_DONTWAIT);
            if (got == 0) { fprintf(stderr, "the server closed a connection\n"); exit(1); }
            reads += got > 0;
            ended += got >= 5 && memcmp(buffer + got - 5, "0\r\n\r\n", 5) == 0;
        }
    }

    return reads;
}

int main(int count, char **arguments)
{
    if (count != 5) { fprintf(stderr, "usage: floor-client PORT STREAMS TOKENS PAUSE_MS\n"); return 2; }
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    streams = atoi(arguments[2]);
    int tokens = atoi(arguments[3]), one = 1, poll = epoll_create1(0);
    long pause = atol(arguments[4]) * 1000000;
    sockets = calloc(streams, sizeof *sockets);
    for (int at = 0; at < streams; at++)
    {
        sockets[at] = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(sockets[at], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(sockets[at], SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
        if (connect(sockets[at], (struct sockaddr *)&address, sizeof address)) { perror("connect"); return 1; }
        struct epoll_event event = { EPOLLIN | EPOLLET, { .u64 = at } };
        epoll_ctl(poll, EPOLL_CTL_ADD, sockets[at], &event);
    }

    ask(4);
    read_all(poll, pause);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    ask(tokens);
    read_all(poll, pause);
    getrusage(RUSAGE_SELF, &after);
    double all = (double)streams * tokens, user = user_seconds(&after) - user_seconds(&before);
    printf("%.2f %.2f\n", 1e6 * (user + system_seconds(&after) - system_seconds(&before)) / all, 1e6 * user / all);
    return 0;
}
