# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Every form of arrivals, distribution, trace and expectation, as a run shows them.

# expect LINES…: runs a.ini with these lines of [expect], which must hold.
expect() {
    cp a.ini judged.ini
    printf '%s\n' '[expect]' "$@" >>judged.ini
    status 0 run judged.ini
}
# scenario ARRIVALS LATENCY LINES…: two seconds of it.
scenario() {
    local arrivals=$1 latency=$2
    shift 2
    printf '%s\n' '[scenario]' 'pattern = worker_pool' 'world = sim' 'seed = 3' 'for = 2s' \
        '[traffic]' "arrivals = $arrivals" '[dependency]' "latency = $latency" '[worker_pool]' \
        'workers = 4' "$@" >a.ini
}

test_arrivals() {
    scenario 'steady(20/s)' 1ms && expect 'requests.arrived = 40'
    scenario 'steady(7.5/s)' 1ms && expect 'requests.arrived = 15'
    scenario 'steady(120/m)' 1ms && expect 'requests.arrived = 4'
    scenario 'steady(7200/h)' 1ms && expect 'requests.arrived = 4'
    scenario 'poisson(200/s)' 1ms && expect 'requests.arrived = 340..460'
    scenario 'burst(10 every 400ms)' 1ms && expect 'requests.arrived = 50..60' \
        'requests.max_in_system = 10'
    # 5 to 50 a second in a second, then 50: 27.5 and 50.
    scenario 'ramp(5/s..50/s over 1s)' 1ms && expect 'requests.arrived = 76..78'
    scenario 'wave(5/s..50/s every 1s)' 1ms && expect 'requests.arrived = 53..57'
    # Eight, each every 101 ms or a little later.
    scenario 'closed(8 think 100ms)' 1ms && expect 'requests.arrived = 150..160' \
        'requests.max_in_system = 8'
    # Four workers, a millisecond each.
    scenario eager 1ms && expect 'requests.done = 7990..8000'
}

test_distributions() {
    local latency n=0
    # latency, then mean, least and most in ms.
    cat >table <<'END'
0|0|0|0
15ms|15|15|15
const(15ms)|15|15|15
uniform(10ms..20ms)|15|10|20
exp(15ms)|15|0|300
normal(15ms, 2ms)|15|5|25
lognormal(15ms, 0.4)|16.25|2|120
pareto(5ms, 2.5)|8.33|5|10000
END
    while IFS='|' read -r latency _; do
        scenario 'steady(1000/s)' "$latency"
        status 0 run a.ini --set worker_pool.workers=200 --set worker_pool.queue=1000 \
            --events $n.jsonl --summary $n.json
        n=$((n + 1))
    done <table
    python3 - <<'END' || problem "not the distribution that was asked for"
import json
for n, row in enumerate(open("table")):
    name, mean, least, most = row.split("|")
    is_ = json.load(open(f"{n}.json"))["service_ms"]["mean"]
    assert abs(is_ - float(mean)) <= float(mean) * 0.15, (name, is_)
    begun, took = {}, []
    for e in map(json.loads, open(f"{n}.jsonl")):
        if e["ev"] == "request" and e["phase"] == "start":
            begun[e["id"]] = e["t"]
        elif e["ev"] == "request" and e["phase"] == "done":
            took.append((e["t"] - begun[e["id"]]) / 1e6)
    assert len(took) > 1000, (name, len(took))
    assert float(least) <= min(took) and max(took) <= float(most), (name, min(took), max(took))
END
}

test_units_and_numbers() {
    local v
    for v in 1500us 1.5ms 1500000ns; do
        scenario 'steady(100/s)' "$v" && expect 'service_ms.max = 1.5'
    done
    scenario 'steady(10/s)' 0 && expect 'service_ms.max = 0'
    for v in 0.5 50%; do
        scenario 'steady(500/s)' 1ms && sed -i "/^latency/a error_rate = $v" a.ini
        expect 'requests.errors = 440..560'
    done
}

test_for_0_ends_when_limited_traffic_has_ended() {
    scenario 'steady(100/s)' 5ms
    status 0 run a.ini --for 0 --set traffic.count=7 --summary s.json
    has s.json '"done": 7' '"end": "done"'
    # Hung requests never end: the run does.
    status 0 run a.ini --for 0 --set traffic.count=3 --set dependency.hang_rate=1 --summary s.json
    has s.json '"in_flight": 3'
    status 0 run a.ini --for 0 --set traffic.count=8 --set dependency.hang_rate=0.5 --summary s.json
    python3 -c 'import json; r = json.load(open("s.json"))["requests"]
assert r["arrived"] == 8 == r["done"] + r["in_flight"] and r["in_flight"] >= 1, r' ||
        problem "the accounts do not close"
    # A limit that comes later ends it too; traffic without a limit only ends so.
    status 0 run a.ini --for 300ms --summary s.json
    has s.json '"scenario_s": 0.3,' '"end": "for"'
}

test_traces() {
    scenario 'trace(t.csv)' 7ms
    sed -i 's/^for.*/for = 0/; s/^workers.*/workers = 1/' a.ini
    printf '%s\n' at_ms,service_ms,outcome,key,priority,cost 0,5,ok,a,0,1 5.5,,error,b,1,2 \
        12.5,2.25,ignored,,, '12.5,1,,"a, b",2,1' >t.csv
    status 0 run a.ini --events e --summary s.json
    has s.json '"arrived": 4' '"done": 3' '"errors": 1'
    python3 - <<'END' || problem "not what the trace says"
import json
r = [(e["t"] / 1e6, e["id"], e["phase"]) for e in map(json.loads, open("e")) if e["ev"] == "request"]
# What is not said comes from [dependency].
want = {1: [(0, "arrive"), (0, "start"), (5, "done")],
        2: [(5.5, "arrive"), (5.5, "start"), (12.5, "error")],
        3: [(12.5, "arrive"), (12.5, "start"), (14.75, "done")],
        4: [(12.5, "arrive"), (14.75, "start"), (15.75, "done")]}
for id in want:
    is_ = [(t, p) for t, i, p in r if i == id]
    assert is_ == want[id], (id, is_)
# At one instant, ends of calls come before arrivals.
assert [x for x in r if x[0] == 12.5][0] == (12.5, 2, "error"), r
END
    # Only times, and fewer of them than count would allow.
    printf 'at_ms\n1\n2\n2\n' >t.csv
    status 0 run a.ini --summary s.json
    has s.json '"done": 3'
    status 0 run a.ini --set traffic.count=2 --summary s.json
    has s.json '"done": 2'
    printf 'at_ms,outcome\n1,hang\n2,ok\n' >t.csv
    status 0 run a.ini --set worker_pool.workers=2 --summary s.json
    has s.json '"done": 1' '"in_flight": 1'
}

test_all_errors_of_a_trace() {
    scenario 'trace(t.csv)' 7ms
    printf '%s\n' at_ms,service_ms,outcome 1,2,fine 0.5,x,ok 3,3 4,4,ok >t.csv
    status 2 check a.ini
    has err "t.csv:2: outcome = fine: " "t.csv:3: at_ms = 0.5: goes back" "t.csv:3: service_ms = x: " \
        "t.csv:4: 2 fields; the header has 3"
    hasnot err "t.csv:5"
    is "$(wc -l <err)" 4
}

test_comparisons() {
    scenario 'steady(20/s)' 10ms
    expect 'requests.done = 39' 'requests.arrived = = 40'
    expect 'requests.done = != 3' 'requests.arrived = <= 40' 'requests.started = >= 40' \
        'latency_ms.max = < 11ms' 'latency_ms.mean = > 9.9' 'latency_ms.p50 = 9ms..11ms' \
        'world = sim' 'end = for' 'tasks.peak = 8' 'objects.jobs.kind = channel'
    local line
    for line in 'requests.done = 40' 'requests.done = != 39' 'requests.done = < 39' \
        'requests.done = <= 38' 'requests.done = > 39' 'requests.done = >= 40' \
        'requests.done = 40..50' 'world = live' 'world = != sim' 'diagnosis = leak' \
        'requests.done by 100ms = 30' 'nothing.of.that = 1'; do
        cp a.ini judged.ini
        printf '%s\n' '[expect]' "$line" >>judged.ini
        case $line in
        nothing*) status 2 run judged.ini ;;
        *) status 1 run judged.ini && has out "judged.ini:13: expected ${line%% *}" ;;
        esac
    done
}

# What a line of each kind has, as it is promised to scripts.
test_fields_of_events() {
    pool a.ini '[cue.1]' 'at = 100ms' 'do = set worker_pool.workers +2' 'say = More hands'
    status 0 run a.ini --events e
    status 0 run lessons/T1.M1 --events leak --summary /dev/null
    status 0 list events --json
    python3 - <<'END' || problem "fields"
import json
promised = {
    "start": "", "end": "why", "object": "obj kind cap", "edge": "from to role gone",
    "task": "task proc state why on", "chan": "task obj op len cap senders receivers",
    "select": "task cases ready picked", "ctx": "obj op parent deadline", "group": "obj op count limit waiters",
    "request": "id lane phase obj", "source": "task line", "diagnosis": "kind tasks objs text",
    "command": "text by step", "param": "name value by", "mark": "text",
}
listed = {e["name"]: {f["name"] for f in e["fields"]} for e in json.load(open("out"))}
seen = set()
known = set()
for name in ("e", "leak"):
    for line in open(name):
        e = json.loads(line)
        keys = list(e)
        assert keys[:3] == ["t", "seq", "ev"] and isinstance(e["t"], int), line
        ev = e["ev"]
        missing = [k for k in promised.get(ev, "").split() if k not in e]
        assert not missing, (missing, line)
        assert set(keys[3:]) <= listed[ev], (set(keys[3:]) - listed[ev], line)
        if ev == "object":
            known.add((name, e["obj"]))
        for k in ("obj", "on", "to"):
            if isinstance(e.get(k), str) and ev != "diagnosis":
                assert (name, e[k]) in known, line
        assert not isinstance(e.get("task"), int), line
        seen.add(ev)
assert seen >= set(promised) - {"ctx"}, set(promised) - seen
assert any(json.loads(l).get("parent") for l in open("e") if '"state":"new"' in l)
END
}
