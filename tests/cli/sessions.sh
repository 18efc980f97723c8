# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Recording, executing again, damage.

test_a_session_is_the_same_run_again() {
    pool a.ini '[cue.1]' 'at = 100ms' 'do = inject dependency hang' '[cue.2]' 'at = 200ms' \
        'do = set worker_pool.workers +3'
    status 0 run a.ini --record a.psr --events a.jsonl --for 2s
    status 0 verify a.psr
    has out "same"
    status 0 export a.psr --format jsonl -o again.jsonl
    same a.jsonl again.jsonl
}

test_options_travel_with_a_session() {
    pool a.ini '[cue.1]' 'at = 100ms' 'do = set worker_pool.workers 9'
    status 0 run a.ini --record a.psr --seed 11 --for 300ms --cues off \
        --set worker_pool.workers=2 --set traffic.arrivals='poisson(50/s)'
    rm a.ini
    status 0 verify a.psr
}

test_a_trace_travels_with_a_session() {
    mkdir -p deep/traces
    pool deep/a.ini
    sed -i 's,^arrivals.*,arrivals = trace(traces/a.csv),; s/^count.*/count = 0/' deep/a.ini
    printf 'at_ms,service_ms\n1,5\n2,7\n40,3\n' >deep/traces/a.csv
    status 0 run deep/a.ini --record a.psr --events a.jsonl
    has a.jsonl '"id":3'
    rm -r deep
    status 0 verify a.psr
}

# Nothing in it says where it was made.
test_sessions_know_no_folders() {
    mkdir -p deep/er
    pool deep/er/a.ini '[cue.1]' 'at = 100ms' 'do = mark here'
    status 0 run "$PWD/deep/er/a.ini" --record a.psr
    status 0 run deep/er/a.ini --record b.psr
    grep -aqF -e "$PWD" -e deep a.psr b.psr && problem "a folder stands in the session"
    status 0 export a.psr --format jsonl -o a.jsonl
    status 0 export b.psr --format jsonl -o b.jsonl
    same a.jsonl b.jsonl
    has a.jsonl '"scenario":"a"'
    status 0 verify a.psr
}

# Sessions of every version of the format that ever was, with what must be found in them.
test_old_sessions_stay_readable() {
    local psr
    for psr in "$(dirname "$file")"/../sessions/*.psr; do
        status 0 export "$psr" --format jsonl -o e
        empty err
        python3 - "${psr%.psr}.txt" <<'END' || problem "$psr"
import collections, json, sys
lines = [json.loads(l) for l in open("e")]
count = collections.Counter(e["ev"] for e in lines if e["ev"] != "diagnosis")
is_ = [f"{ev} {count[ev]}" for ev in sorted(count)]
is_.append(f"end {lines[-1]['t']}")
is_ += [f"mark {e['text']}" for e in lines if e["ev"] == "mark"]
want = open(sys.argv[1]).read().split("\n")[:-1]
assert is_ == want, "\n".join(is_)
END
    done
}

test_verify_finds_a_difference() {
    pool a.ini
    status 0 run a.ini --record a.psr
    "$forge" a.psr b.psr seed || problem "forge"
    status 1 verify b.psr
    has out "b.psr: differs"
    "$forge" a.psr c.psr event || problem "forge"
    status 1 verify c.psr
    has out "c.psr: differs"
    "$forge" a.psr d.psr shorter || problem "forge"
    status 1 verify d.psr
}

test_a_session_of_live_is_not_verified() {
    pool a.ini
    status 0 run a.ini --world live --for 50ms --record a.psr
    status 2 verify a.psr
    has err live
}

test_damage_is_said_and_the_rest_is_used() {
    pool a.ini
    sed -i 's/^count.*/count = 5000/' a.ini
    status 0 run a.ini --record a.psr --events a.jsonl
    local size
    size=$(stat -c %s a.psr)
    head -c $((size * 2 / 3)) a.psr >cut.psr
    status 0 export cut.psr --format jsonl -o cut.jsonl
    has err "cut.psr" "warning"
    # What is left is the beginning of the whole.
    cmp -s -n "$(stat -c %s cut.jsonl)" a.jsonl cut.jsonl || problem "not the beginning"
    [[ $(wc -l <cut.jsonl) -gt 1000 ]] || problem "hardly anything is left"
    status 0 verify cut.psr
    has err "warning"
    head -c 10 a.psr >stub.psr
    status 2 export stub.psr --format jsonl -o x
    has err stub.psr
    printf 'hello' >text.psr
    status 2 verify text.psr
    : >empty.psr
    status 2 verify empty.psr
}

test_a_hole_is_passed_over() {
    pool a.ini
    sed -i 's/^count.*/count = 5000/' a.ini
    status 0 run a.ini --record a.psr --events a.jsonl
    local size
    size=$(stat -c %s a.psr)
    dd if=/dev/zero of=a.psr bs=1 seek=$((size / 2)) count=20 conv=notrunc status=none
    status 0 export a.psr --format jsonl -o hole.jsonl
    has err "warning: a.psr: damaged at offset" "1 block skipped"
    local all left
    all=$(wc -l <a.jsonl) left=$(wc -l <hole.jsonl)
    [[ $left -lt $all && $left -gt $((all * 3 / 4)) ]] || problem "$left of $all lines are left"
    # What is there is as it was; a later difference is still found.
    status 0 verify a.psr
    has err "1 block skipped"
    "$forge" a.psr b.psr event || problem "forge"
    status 1 verify b.psr
}

# Ten blocks of a session, cut at every byte, and with every byte changed, through the program.
test_every_cut_and_change_has_an_end() {
    pool a.ini
    sed -i 's/^count.*/count = 3/' a.ini
    status 0 run a.ini --record a.psr
    python3 - "$program" <<'END' || problem "a damaged session is not taken well"
import os, random, subprocess, sys
whole = open("a.psr", "rb").read()
random.seed(1)
def one(data, what):
    open("b.psr", "wb").write(data)
    p = subprocess.run([sys.argv[1], "export", "b.psr", "--format", "text", "-o", "b.txt"],
                       stderr=subprocess.PIPE, timeout=20)
    err = p.stderr.decode()
    assert p.returncode in (0, 2), (what, p.returncode, err)
    if p.returncode == 2 or data != whole:
        assert "b.psr: " in err, (what, err)
    if p.returncode == 2:
        assert "offset" in err or "is empty" in err, (what, err)
slow = os.environ.get("PATTERNSCOPE_SANITIZED")
step = 1 if os.environ.get("PATTERNSCOPE_LONG") else len(whole) // (15 if slow else 60)
for n in range(0, len(whole), step):
    one(whole[:n], f"cut to {n}")
for at in range(0, len(whole), step):
    bit = random.randrange(8)
    one(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1:], f"bit {bit} of {at}")
END
}

test_recording_overwrites_and_needs_a_file() {
    pool a.ini
    status 0 run a.ini --record a.psr
    status 0 run a.ini --record a.psr --seed 9
    status 0 verify a.psr
    mkdir folder.psr
    status 2 run a.ini --record folder.psr
    has err folder.psr
}

# What a session claims does not choose our memory.
test_a_session_of_a_mib_takes_less_than_64_mib() {
    pool a.ini
    status 0 run a.ini --record a.psr
    "$forge" a.psr b.psr crowd || problem "forge"
    (($(stat -c %s b.psr) > 1000000)) || problem "the crowd is small"
    status 0 export b.psr --format text -o text
    has err "claims more tasks and objects"
    python3 - "$program" <<'END' || problem "$(cat err)"
import resource, subprocess, sys
subprocess.run([sys.argv[1], "export", "b.psr", "--format", "text", "-o", "text"],
               stderr=subprocess.DEVNULL, check=True)
kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
sanitized = b"__asan" in open(sys.argv[1], "rb").read()
if kib > 64 * 1024 and not sanitized:
    sys.exit(f"it takes {kib} KiB")
END
    # An honest one keeps all.
    status 0 export a.psr --format text -o text
    empty err
}

# A level of 100 % stands where other events have a task: it is no id that nothing could have made.
test_levels_are_not_taken_for_tasks() {
    printf '%s\n' '[scenario]' 'pattern = circuit_breaker' 'world = sim' 'for = 5s' '[traffic]' \
        'arrivals = steady(20/s)' '[dependency]' 'latency = const(10ms)' 'error_rate = 1' \
        '[breaker]' 'trip = rate(50% of 20 calls, min 20)' >b.ini
    status 0 run b.ini --record b.psr --events b.jsonl
    status 0 verify b.psr
    empty err
    has out "the same $(wc -l <b.jsonl) events again"
}
