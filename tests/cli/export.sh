# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# patternscope export.

test_a_scenario_is_run_in_sim() {
    pool a.ini
    status 0 run a.ini --events want
    status 0 export a.ini --format jsonl -o got
    same want got
    sed -i 's/^world.*/world = live/' a.ini
    status 0 export a.ini --format jsonl -o got
    same want got
    status 0 export a.ini --format jsonl -o - --seed 3
    same want out
}

test_every_format_gives_the_same_bytes_again() {
    pool a.ini '[cue.1]' 'at = 100ms' 'do = mark half-way'
    status 0 run a.ini --record a.psr
    local format
    for format in $("$program" list exports | awk '{ print $1 }'); do
        status 0 export a.psr --format "$format" -o one --size 80x24
        [[ -s one ]] || problem "$format: empty"
        status 0 export a.psr --format "$format" -o - --size 80x24
        same one out
    done
}

test_casts_are_asciicasts() {
    pool a.ini '[cue.1]' 'at = 100ms' 'do = mark half-way'
    status 0 export a.ini --format cast -o a.cast --size 100x30
    python3 - <<'END' || problem "not an asciicast v2"
import json
lines = [json.loads(l) for l in open("a.cast")]
assert lines[0]["version"] == 2 and (lines[0]["width"], lines[0]["height"]) == (100, 30)
assert any(l[1] == "o" for l in lines[1:])
assert any(l[1] == "m" and "half-way" in l[2] for l in lines[1:])
assert all(a[0] <= b[0] for a, b in zip(lines[1:], lines[2:]))
END
    status 0 export a.ini --format cast -o fast.cast --speed 2
    python3 - <<'END' || problem "--speed 2 does not halve the time"
import json
last = [json.loads(open(f).readlines()[-1])[0] for f in ("a.cast", "fast.cast")]
assert 1.5 < last[0] / last[1] < 2.5, last
END
}

test_from_and_to() {
    pool a.ini
    status 0 export a.ini --format jsonl -o part --from 100ms --to 200ms
    python3 - <<'END' || problem "events outside of the time that was asked for"
import json
t = [json.loads(l)["t"] for l in open("part")]
assert t and min(t) >= 100e6 and max(t) <= 200e6, (min(t), max(t))
END
}

test_a_failed_export_leaves_the_old_file() {
    pool a.ini
    echo old >kept
    printf 'junk' >junk.psr
    status 2 export junk.psr --format jsonl -o kept
    is "$(cat kept)" old
    status 0 export a.ini --format jsonl -o kept
    has kept '"ev":"start"'
    is "$(find . -name 'kept?*')" ""
    status 3 export a.ini --format jsonl -o /dev/full
    has err "/dev/full"
}
