# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# patternscope run: what it prints, what it writes, how it judges.

test_a_run_prints_a_summary_for_people() {
    pool a.ini
    status 0 run a.ini
    has out "worker_pool" "50"
    empty err
}

test_summary_has_the_documented_keys() {
    pool a.ini '[expect]' 'requests.done = 50'
    status 0 run a.ini --summary s.json
    empty out
    python3 - <<'END' || problem "keys are missing"
import json
s = json.load(open("s.json"))
for k in ("scenario pattern world seed version scenario_s wall_s events lost tasks requests "
          "latency_ms wait_ms service_ms lanes objects diagnoses expect").split():
    assert k in s, k
for k in "started done leaked peak".split():
    assert k in s["tasks"], k
for k in ("arrived started done errors rejected timed_out cancelled dropped in_flight late "
          "attempts").split():
    assert k in s["requests"], k
for group in "latency_ms wait_ms service_ms".split():
    for k in "mean p50 p90 p95 p99 p999 max".split():
        assert k in s[group], group + "." + k
assert s["world"] == "sim" and s["seed"] == 3 and s["lost"] == 0
assert s["expect"] == {"passed": 1, "failed": 0, "failures": []}
assert s["objects"]["jobs"]["kind"] == "channel" or s["objects"]["jobs"]["kind"] == "chan"
r = s["requests"]
assert r["arrived"] == sum(r[k] for k in "done errors rejected timed_out cancelled dropped "
                           "in_flight".split())
END
}

test_figures_are_paths_of_the_summary() {
    status 0 list figures --json
    mv out figures.json
    pool a.ini
    status 0 run a.ini --summary s.json
    python3 - <<'END' || problem "a figure is no path of the summary"
import json
s = json.load(open("s.json"))
def has(d, path):
    for p in path.split("."):
        if not isinstance(d, dict) or p not in d:
            return False
        d = d[p]
    return True
missing = [f["name"] for f in json.load(open("figures.json"))
           if not any(part.isupper() for part in f["name"].split(".")) and f["name"] != "diagnosis"
           and not has(s, f["name"])]
assert not missing, missing
END
}

test_dumps_are_printed_in_order_and_never_later_than_the_end() {
    pool a.ini
    status 0 run a.ini --dump-at 1h --dump-at 0
    has out " goroutines at 0.000 s" ", the end (3600.000 s never came)"
    is "$(grep -n ' at 0.000 s$' out | cut -d: -f1)" 1
    status 0 run a.ini --dump-at 200ms
    has out " goroutines at 0.200 s" "goroutine 1 [chan receive, 200ms]:" "created by main in goroutine 1"
    mv out first
    status 0 run a.ini --dump-at 200ms
    is "$(sed '/ wall\| of scenario time in /d' out)" "$(sed '/ wall\| of scenario time in /d' first)"
    status 0 run a.ini --events - --dump-at 200ms
    has err "goroutine 1 [chan receive, 200ms]:"
    hasnot out "goroutine 1 ["
}

test_the_same_run_gives_the_same_bytes() {
    pool a.ini '[cue.1]' 'at = 100ms' 'do = set worker_pool.workers +2' 'say = More hands'
    status 0 run a.ini --events -
    mv out one
    has err worker_pool
    status 0 run a.ini --events -
    same out one
    status 0 run a.ini --events two --summary -
    same two one
    has one '"ev":"command"' '"by":"cue"' '"text":"More hands"'
    status 0 run a.ini --events - --seed 4
    ! cmp -s out one || problem "another seed gives the same events"
    python3 - <<'END' || problem "not what JSON Lines should be"
import json
seq = -1
t = 0
for line in open("one"):
    e = json.loads(line)
    assert e["t"] >= t and e["seq"] > seq and e["ev"], e
    seq, t = e["seq"], e["t"]
assert e["ev"] == "end"
END
}

test_cues_can_be_left_out() {
    pool a.ini '[cue.1]' 'at = 100ms' 'do = set worker_pool.workers 9'
    status 0 run a.ini --events on
    has on '"ev":"command"'
    status 0 run a.ini --events off --cues off
    hasnot off '"ev":"command"'
}

test_for_ends_the_run() {
    pool a.ini
    status 0 run a.ini --for 200ms --events e --summary s.json
    has e '"t":200000000,' '"why":"for"'
    has s.json '"scenario_s": 0.2,'
}

test_expectations_are_judged() {
    pool a.ini '[expect]' 'requests.done = 50' 'requests.done = != 3' 'diagnosis = none'
    status 2 check a.ini
    has err "a.ini:12: "
    pool a.ini '[expect]' 'requests.done = 49..51' 'requests.arrived = >= 50' \
        'latency_ms.mean = < 1s' 'requests.errors = < 1' 'diagnosis = none' \
        'objects.jobs.state = closed'
    status 0 run a.ini
    has out "6 held"
    pool a.ini '[expect]' 'requests.done = 7' 'diagnosis = leak' 'objects.jobs.state = open' \
        'objects.nobody.level = 0' 'requests.arrived = 50'
    status 1 run a.ini
    has out "a.ini:11: " "found 50" "a.ini:12: " "found none" "a.ini:13: " "found closed" \
        "a.ini:14: "
    hasnot out "a.ini:15: "
    status 1 run a.ini --summary s.json
    has err "a.ini:11: "
    has s.json '"passed": 1' '"failed": 4'
}

test_expectations_by_a_time() {
    # 100 a second: the 20th arrives at 190 or 200 ms, and one count is only seen while it lasts.
    pool a.ini '[expect]' 'requests.arrived by 300ms = 20' 'requests.arrived by 300ms = > 25' \
        'objects.jobs.state by 100ms = open' 'requests.arrived = 50'
    status 2 check a.ini || status 0 check a.ini
    pool a.ini '[expect]' 'requests.arrived by 300ms = 20' 'objects.jobs.state by 100ms = open' \
        'requests.arrived by 2h = 50'
    status 0 run a.ini
    pool a.ini '[expect]' 'requests.arrived by 100ms = 20' 'objects.jobs.state by 100ms = closed' \
        'diagnosis by 100ms = leak'
    status 1 run a.ini
    has out "a.ini:11: " "100ms" "a.ini:12: " "a.ini:13: "
}

test_for_moves_the_end_at_which_expectations_are_judged() {
    pool a.ini '[expect]' 'requests.done = 50' 'requests.arrived by 100ms = > 5' \
        'requests.arrived by 400ms = > 30'
    status 0 run a.ini
    status 1 run a.ini --for 200ms
    has out "a.ini:11: " "; --for 200ms ended the run" "a.ini:13: "
    hasnot out "a.ini:12: "
    # What it does not cut is not blamed on it, nor on the file's own.
    sed -i 's/^requests.done.*/requests.done = 51/; s/^seed.*/for = 200ms/' a.ini
    status 1 run a.ini
    hasnot out "--for"
    status 1 run a.ini --for 1h
    has out "a.ini:11: "
    hasnot out "--for"
}

test_diagnoses_do_not_change_the_status() {
    status 0 run lessons/T1.M1 --summary s.json --set scenario.title=x
    cat >a.ini <<'END'
[scenario]
pattern = worker_pool
world = sim
[traffic]
arrivals = steady(100/s)
count = 20
[worker_pool]
mistake = M1
END
    status 0 run a.ini --events e
    has e '"ev":"diagnosis"'
    # Each follows the event that completed it, with its time.
    python3 - <<'END' || problem "a diagnosis stands at another time than the event before it"
import json
last = None
for line in open("e"):
    e = json.loads(line)
    if e["ev"] == "diagnosis":
        assert last and last["t"] == e["t"], e
    last = e
END
}

test_live_runs_by_the_clock() {
    pool a.ini '[expect]' 'requests.done = 10'
    status 0 run a.ini --world live --set traffic.count=10 --summary s.json
    python3 - <<'END' || problem "scenario time and wall time do not fit"
import json
s = json.load(open("s.json"))
assert s["world"] == "live"
# 10 requests, 100 a second: 0.1 s of scenario time, which cannot take less wall time.
assert s["wall_s"] > 0.9 * s["scenario_s"] > 0.05, s
END
}

test_speed_is_scenario_seconds_per_wall_second() {
    pool a.ini
    status 0 run a.ini --world live --speed 20 --for 4s --set traffic.count=0 --summary s.json
    python3 -c 'import json; s = json.load(open("s.json")); assert 1 < s["scenario_s"] / s["wall_s"] < 25, s' ||
        problem "4 s at 20 times the speed"
}

# The story of a request: each decision with its rule, operands and what would have changed it.
test_explain() {
    printf '%s\n' '[scenario]' 'pattern = circuit_breaker' 'world = sim' 'seed = 3' 'for = 20s' \
        '[traffic]' 'arrivals = steady(10/s)' '[dependency]' 'latency = const(10ms)' \
        'error_rate = 1' '[breaker.api]' 'trip = consecutive(3)' 'open_for = 5s' >b.ini
    status 0 run b.ini --explain 2
    has out 'api lets request 2 in' 'closed: opens at consecutive(3)' 'request 2 fails'
    status 0 run b.ini --explain 10
    has out 'api refuses request 10: it is open' 'open since 0.' '3 consecutive failures >= 3' \
        'later it would be a probe'
    status 0 run b.ini --explain 9999
    has out 'request 9999 never arrived'
    status 2 run b.ini --explain zero
}
