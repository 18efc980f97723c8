# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2016
# The distributed limiter against a real server on a loopback port of its own: exact while it is
# there, as configured while it is not, and never stuck.

server=''
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
# server_starts PORT: and answers.
server_starts() {
    redis-server --port "$1" --bind 127.0.0.1 --save '' --appendonly no --dir . >server.log 2>&1 &
    server=$!
    for _ in {1..200}; do
        [[ $(timeout 1 redis-cli -p "$1" ping 2>/dev/null) = PONG ]] && return
        sleep 0.05
    done
    problem "the server does not answer" "$(tail -n 5 server.log)"
}
server_ends() { [[ -z $server ]] || { kill -9 "$server" && wait "$server"; } 2>/dev/null; server=''; }
ready() { command -v redis-server >/dev/null && command -v redis-cli >/dev/null; }
# limiter FILE PORT LINES…: four nodes, live; the lines are of [distributed_limiter] and what follows.
limiter() {
    local to=$1 port=$2
    shift 2
    printf '%s\n' '[scenario]' 'pattern = distributed_limiter' 'world = live' 'for = 4s' '[traffic]' \
        'arrivals = steady(400/s)' '[dependency]' 'latency = const(1ms)' '[redis]' \
        "url = redis://127.0.0.1:$port" '[store]' 'retry = 20ms' 'timeout = 100ms' \
        '[distributed_limiter]' 'limit = 100' "$@" >"$to"
}

test_one_script_is_exact() {
    ready || { skip "no redis-server" && return; }
    local port
    port=$(free_port)
    server_starts "$port"
    limiter a.ini "$port" 'beside = read_modify_write' '[expect]' 'objects.atomic.over = 0' \
        'objects.atomic.admitted = 300..500' 'objects.store.takes = 300..500' \
        'objects.store.gets = > 100' 'objects.store.sets = > 100' 'objects.store.downs = 0'
    status 0 run a.ini
    # Of two runs one after the other each counts for itself.
    status 0 run a.ini
    # By the server's clock, whatever the nodes' say.
    limiter b.ini "$port" 'skew = 700ms' 'clock = store' '[expect]' 'objects.atomic.over = 0' \
        'objects.atomic.admitted = 300..500'
    status 0 run b.ini
    server_ends
}

test_a_server_that_comes_back_is_used_again() {
    ready || { skip "no redis-server" && return; }
    local port run
    port=$(free_port)
    server_starts "$port"
    limiter a.ini "$port" 'on_failure = closed' '[expect]' 'objects.store.downs = >= 4' \
        'objects.store.ups = >= 4' 'objects.atomic.unreached = > 0' 'objects.store.takes = > 150'
    "$program" run a.ini >out 2>err </dev/null &
    run=$!
    sleep 1
    server_ends
    sleep 0.7
    server_starts "$port" # it has forgotten the script and the counts
    wait "$run" || problem "patternscope run a.ini: status $?" "$(cat out err)"
    server_ends
}

test_a_server_that_stands_still_keeps_nobody_waiting() {
    ready || { skip "no redis-server" && return; }
    local port run
    port=$(free_port)
    server_starts "$port"
    limiter a.ini "$port" 'on_failure = local' '[expect]' 'objects.store.too_late = >= 4' \
        'objects.store.ups = >= 4' 'objects.atomic.admitted = > 150' 'requests.dropped = 0'
    "$program" run a.ini >out 2>err </dev/null &
    run=$!
    sleep 1
    kill -STOP "$server"
    sleep 0.8
    kill -CONT "$server"
    wait "$run" || problem "patternscope run a.ini: status $?" "$(cat out err)"
    server_ends
}

test_an_answer_that_cannot_be_is_none() {
    command -v python3 >/dev/null || { skip "no python3" && return; }
    local port what liar
    for what in '*3\r\n:1\r\n:-7\r\n:0\r\n' ':99\r\n' '*3\r\n:1\r\n$3\r\nabc\r\n:1\r\n' 'HTTP/1.1 400\r\n\r\n' \
        '*1000000\r\n' '$999999999\r\n'; do
        port=$(free_port)
        python3 -u - "$port" "$what" <<'END' 2>liar.log &
import socket, sys, threading
answer = sys.argv[2].encode().decode("unicode_escape").encode()
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
def serve(client):
    try:
        while data := client.recv(4096):
            if b"INCR" in data:
                client.sendall(b":1\r\n")
            elif b"LOAD" in data:
                client.sendall(b"$40\r\n" + b"a" * 40 + b"\r\n")
            else:
                client.sendall(answer)
    except OSError:
        pass
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
END
        liar=$!
        for _ in {1..100}; do
            (: <>/dev/tcp/127.0.0.1/"$port") 2>/dev/null && break
            sleep 0.05
        done
        limiter a.ini "$port" 'on_failure = open' '[expect]' 'objects.atomic.limited = 0' \
            'objects.store.takes = 0' 'objects.store.downs = >= 1' 'requests.dropped = 0' \
            'objects.atomic.admitted = > 100'
        status 0 run a.ini --for 1s
        kill -9 $liar
        wait $liar 2>/dev/null
    done
}

test_no_server_at_all() {
    local port
    port=$(free_port)
    limiter a.ini "$port" 'on_failure = closed' '[expect]' 'objects.atomic.admitted = 0' \
        'objects.atomic.unreached = > 100' 'objects.store.unanswered = > 100'
    status 0 run a.ini --for 1s
    # In sim nobody asks a server.
    limiter b.ini "$port" '[expect]' 'objects.store.unanswered = 0' 'objects.atomic.over = 0'
    status 0 run b.ini --world sim
}

test_an_address_that_is_none_is_refused() {
    local url
    for url in localhost http://a redis:// redis://a:b redis://a:0 redis://a:70000 redis://a/1; do
        printf '%s\n' '[scenario]' 'pattern = distributed_limiter' '[redis]' "url = $url" >a.ini
        status 2 check a.ini
        has err 'a.ini:4' 'redis://HOST'
    done
}
