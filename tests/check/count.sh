#!/bin/sh
# SPDX-License-Identifier: MIT
# Sums a Meson test log: count.sh TESTLOG.json…
#
# Cases that speak TAP (Criterion's) count one each, other programs count as one. A TAP program that
# ran no case, a program that died or hung after its last case, and a log without any test are
# failures: silence is not success. The last line is "N passed, N failed"; the status is 1 when
# anything failed or nothing ran.
for log in "$@"; do
    [ -s "$log" ] || { echo "no test log: $log"; echo "0 passed, 1 failed"; exit 1; }
done
exec awk '
function field(line, name,    at, rest) { # a plain string value of the JSON line
    at = index(line, "\"" name "\": \"")
    if (!at) return ""
    rest = substr(line, at + length(name) + 5)
    return substr(rest, 1, index(rest, "\"") - 1)
}
function output(line,    at) { # what it printed, still escaped
    at = index(line, "\"stdout\": \"")
    if (!at) return ""
    line = substr(line, at + 11)
    at = index(line, "\", \"result\": \"") # a quote of its own is escaped: this one is not
    return at ? substr(line, 1, at - 1) : line
}
# What TAP says under each failed case; Meson does not show it.
function explain(    i, shown, line) {
    for (i = 1; i <= n; i++) {
        if (out[i] ~ /^not ok/) shown = 12
        else if (out[i] ~ /^ok/) shown = 0
        if (!shown || out[i] ~ /^  (---|\.\.\.|assertions:|failures:)/) continue
        line = out[i]; gsub(/\\"/, "\"", line)
        print "    " line; shown--
    }
}
{
    tests++
    name = field($0, "name"); result = field($0, "result")
    n = split(output($0), out, /\\n/)
    tap = 0; good = 0; bad = 0; skips = 0
    for (i = 1; i <= n; i++) {
        if (out[i] ~ /^TAP version/ || out[i] ~ /^1\.\.[0-9]+/) tap = 1
        else if (out[i] ~ /^not ok/) bad++
        else if (out[i] ~ /^ok/) { if (out[i] ~ /# [Ss][Kk][Ii][Pp]/) skips++; else good++ }
    }
    if (!tap) { good = bad = skips = 0 }
    if (result == "SKIP") { print "skipped: " name; skipped++; next }
    if (!tap) { if (result == "OK") good = 1; else bad = 1 }
    else if (result == "OK" && good + bad + skips == 0) { bad = 1; print "ran nothing: " name }
    else if (result != "OK" && bad == 0) bad = 1
    if (bad) { print "failed: " name " (" result ")"; explain() }
    passed += good; failed += bad; skipped += skips
}
END {
    if (tests == 0 || passed + failed == 0) { print "no test ran"; failed++ }
    if (skipped) print skipped " skipped"
    printf "%d passed, %d failed\n", passed, failed
    exit failed > 0
}' "$@"
