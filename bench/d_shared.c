/* SPDX-License-Identifier: MIT */
/* Area D, a limit that is shared: what a decision costs a node by itself, through a store in this
 * process (the trip itself takes no time here: what is left is ours), and through a Redis server on
 * this machine, in one atomic step and by reading and writing apart. Without redis-server, or
 * without hiredis, the last rows are left out. */
#include "bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policies/limiter.h"
#include "runtime/guard.h"
#include "traffic/store.h"

static struct store_params store_values;
static struct redis_params redis_values;
static int steps;
static bool refused; /* a row that was not measured must not be shown */

static void b_local(uint64_t n)
{
    struct limiter_params p;
    struct guard guard = {0};
    param_defaults(&limiter_table, &p);
    p.algorithm = LIMITER_fixed_window;
    p.limit = 1 << 30;
    struct policy *alone = limiter_create(&p, 0);
    struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
    for (uint64_t i = 0; i < n; i++) {
        struct admission a;
        guard_lock(&guard);
        policy_admit(alone, rt_now(), &r, &a);
        guard_unlock(&guard);
    }
    policy_free(alone);
}

static void b_store(uint64_t n)
{
    struct store *s = store_make("store", &store_values, &redis_values);
    struct store_link *l = store_link(s, ctx_background());
    struct store_window w = {.span_ns = 1000000000};
    for (uint64_t i = 0; i < n; i++) {
        int64_t count = 0;
        w.number = rt_now() / w.span_ns;
        if (steps == 1) {
            refused |= store_take(l, &w, 1 << 30, &count) != STORE_YES;
            continue;
        }
        refused |= store_get(l, &w, &count) != STORE_YES;
        refused |= store_set(l, &w, count + 1, count) != STORE_YES;
    }
    store_unlink(l);
}

static void row(const char *configuration, enum world world, void (*op)(uint64_t n), double per,
                const char *unit, uint64_t least)
{
    struct bench_run b = {.world = world, .op = op, .warm = least};
    refused = false;
    double ns = bench_median(bench_round, &b, least);
    if (!refused)
        bench_row("D", "limit shared", "patternscope", configuration, unit, ns / per);
}

static void both_ways(const char *where, enum world world, double per, const char *unit,
                      uint64_t least)
{
    char text[64];
    for (steps = 1; steps <= 2; steps++) {
        snprintf(text, sizeof text, "%s, %d step%s", where, steps, steps > 1 ? "s" : "");
        row(text, world, b_store, per, unit, least);
    }
}

/* ---- a server of our own --------------------------------------------------------------------- */

static int free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int s = socket(AF_INET, SOCK_STREAM, 0), port = 0;
    if (s >= 0 && bind(s, (struct sockaddr *)&a, size) == 0 &&
        getsockname(s, (struct sockaddr *)&a, &size) == 0)
        port = ntohs(a.sin_port);
    close(s);
    return port;
}

static pid_t server_start(int port)
{
    char text[16];
    snprintf(text, sizeof text, "%d", port);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(127);
        execlp("redis-server", "redis-server", "--port", text, "--bind", "127.0.0.1", "--save", "",
               "--appendonly", "no", (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* False: it does not listen within 5 s, or there is none. */
static bool server_listens(pid_t pid, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < 500 && waitpid(pid, NULL, WNOHANG) == 0; i++) {
        int s = socket(AF_INET, SOCK_STREAM, 0);
        bool there = s >= 0 && connect(s, (struct sockaddr *)&a, sizeof a) == 0;
        close(s);
        if (there)
            return true;
        usleep(10000);
    }
    return false;
}

static void with_server(void)
{
    const struct param *url = param_find(&redis_table, "url");
    char text[64];
    int port = free_port();
    snprintf(text, sizeof text, "redis://127.0.0.1:%d", port);
    if (!port || param_set(url, &redis_values, text))
        return; /* built without hiredis */
    pid_t pid = server_start(port);
    if (pid > 0 && server_listens(pid, port)) {
        both_ways("Redis", WORLD_LIVE, 1000, "us/op", 10);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'D')
        return 0;
    param_defaults(&store_table, &store_values);
    param_defaults(&redis_table, &redis_values);
    store_values.latency = (struct dist){.kind = DIST_CONST};
    row("local, sim", WORLD_SIM, b_local, 1, "ns/op", 1000);
    row("local, live", WORLD_LIVE, b_local, 1, "ns/op", 1000);
    both_ways("store in process, sim", WORLD_SIM, 1, "ns/op", 1000);
    both_ways("store in process, live", WORLD_LIVE, 1, "ns/op", 1000);
    with_server();
    return 0;
}
