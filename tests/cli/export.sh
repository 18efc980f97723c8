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

test_chapters_themes_and_characters() {
    pool a.ini '[cue.1]' 'at = 100ms' 'do = mark half-way' '[cue.2]' 'at = 250ms' 'say = a caption'
    status 0 run a.ini --record a.psr
    status 0 export a.psr --format cast -o a.cast
    status 0 export a.psr --format cast3 -o a3.cast
    status 0 export a.psr --format cast -o part.cast --from 100ms --to 240ms --speed 0.5
    status 0 export a.psr --format cast -o ascii.cast --ascii
    status 0 export a.psr --format cast -o light.cast --theme light
    python3 - <<'END' || problem "chapters, theme, or characters"
import json
def cast(name):
    lines = [json.loads(l) for l in open(name)]
    return lines[0], lines[1:]
def marks(lines):
    return [(t, x) for t, c, x in lines if c == "m"]
head, lines = cast("a.cast")
assert marks(lines) == [(0.1, "half-way"), (0.25, "a caption")], marks(lines)
# v3 counts from the line before.
head3, lines3 = cast("a3.cast")
t, at = 0, []
for d, c, x in lines3:
    t = round(t + d, 6)
    at.append((t, c, x))
assert at == [(a, b, c) for a, b, c in lines], "v2 and v3"
assert head3["version"] == 3 and head3["term"]["cols"] == head["width"]
_, part = cast("part.cast")
assert marks(part) == [(0.0, "half-way")], marks(part)
assert abs(part[-1][0] - 0.28) < 1e-6, part[-1]
_, ascii = cast("ascii.cast")
assert all(ord(ch) < 128 for _, c, x in ascii if c == "o" for ch in x)
assert any(ord(ch) > 127 for _, c, x in lines if c == "o" for ch in x)
light, _ = cast("light.cast")
assert light["theme"]["bg"] != head["theme"]["bg"]
END
}

test_nothing_is_drawn_for_a_century() {
    pool a.ini
    status 0 run a.ini --record a.psr
    "$forge" a.psr old.psr century || problem "forge"
    status 2 export old.psr --format cast -o x
    has err "old.psr" "--from and --to"
    status 0 export old.psr --format cast -o x --to 1s
    status 0 export old.psr --format text -o x
}

test_text_is_safe_to_print() {
    pool a.ini
    status 0 run a.ini --record a.psr
    "$forge" a.psr bad.psr escape || problem "forge"
    status 0 export bad.psr --format text -o bad.txt --size 80x24
    has bad.txt '?[31m'
    LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]' bad.txt && problem "control characters are printed"
    status 0 export bad.psr --format cast -o bad.cast
    hasnot bad.cast '\u001b[31m\u0007'
}
