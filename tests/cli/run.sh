#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh TEST PROGRAM FORGE FRAME-AT: runs one file of tests in an empty folder, as TAP. A test is a
# function test_WORDS; it fails where `is`, `has` or `same` says so.
set -u
file=$(realpath "$1") program=$(realpath "$2") forge=$(realpath "$3") frame_at=$(realpath "$4")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
# Nobody's own scenarios and settings.
export HOME=$scratch XDG_DATA_HOME=$scratch/share XDG_CONFIG_HOME=$scratch/config LC_ALL=C.UTF-8
programs=$(dirname "$file")/../programs
export program forge frame_at programs

bad=0 skipped=
skip() { skipped=" # SKIP $*"; } # skip WHY
problem() { # problem TEXT…: notes why the present test fails
    bad=1
    printf '%s\n' "$@" | head -n 20 | sed 's/^/# /'
}
# status N ARGUMENTS…: runs the program; its output is in out and err.
status() {
    local want=$1 got
    shift
    "$program" "$@" >out 2>err </dev/null
    got=$?
    [[ $got = "$want" ]] || problem "patternscope $*: status $got, expected $want" "$(cat err)"
}
has() { # has FILE TEXT…: each text stands in the file
    local in=$1 text
    shift
    for text; do
        grep -qF -- "$text" "$in" || problem "no '$text' in $in:" "$(head -n 12 "$in")"
    done
}
hasnot() { ! grep -qF -- "$2" "$1" || problem "'$2' stands in $1"; }
empty() { [[ ! -s $1 ]] || problem "$1 is not empty:" "$(cat "$1")"; }
same() { cmp -s "$1" "$2" || problem "$1 and $2 differ" "$(diff "$1" "$2" | head -n 6)"; }
is() { [[ $1 = "$2" ]] || problem "'$1' instead of '$2'"; }
# pool FILE LINES…: a small scenario of the worker pool in sim, with further lines.
pool() {
    local to=$1
    shift
    printf '%s\n' '[scenario]' 'pattern = worker_pool' 'world = sim' 'seed = 3' '[traffic]' \
        'arrivals = steady(100/s)' 'count = 50' '[dependency]' 'latency = exp(20ms)' "$@" >"$to"
}

# shellcheck source=/dev/null
. "$file"
tests=$(declare -F | sed -n 's/^declare -f test_//p')
echo "TAP version 13"
echo "1..$(echo "$tests" | wc -w)"
number=0
for name in $tests; do
    number=$((number + 1)) bad=0 skipped=
    mkdir "$scratch/$name" && cd "$scratch/$name" || exit 1
    "test_$name" 2>"$scratch/stderr"
    [[ ! -s $scratch/stderr ]] || sed 's/^/# /' "$scratch/stderr"
    if [[ $bad = 0 ]]; then echo "ok $number - $name$skipped"; else echo "not ok $number - $name"; fi
done
