#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh TEST PROGRAM: runs one file of tests in a terminal (tmux), as TAP. A test is a function
# test_WORDS; it starts the program with `start`, presses keys, and waits until the screen says what
# it should. Nothing sleeps for a fixed time: `sees` and `gone` look until it is so, at most WAIT_S.
set -u
file=$(realpath "$1") program=$(realpath "$2")
if ! command -v tmux >/dev/null; then
    echo "1..0 # SKIP tmux is not installed"
    exit 0
fi
scratch=$(mktemp -d /tmp/ps-term.XXXXXX)
socket=$scratch/tmux
trap 'tmux -S "$socket" kill-server 2>/dev/null; rm -rf "$scratch" 2>/dev/null || rm -rf "$scratch"' EXIT
# Nobody's own scenarios and settings.
export HOME=$scratch XDG_DATA_HOME=$scratch/share XDG_CONFIG_HOME=$scratch/config LC_ALL=C.UTF-8
unset NO_COLOR TMUX
export program
: "${WAIT_S:=20}"
[[ -z ${PATTERNSCOPE_SANITIZED:-} ]] || WAIT_S=60

exec {nothing}<> <(:) # never anything to read

bad=0 cols=80 rows=24 opened=no servers=0 kind=screen-256color given=()
problem() { # problem TEXT…: notes why the present test fails
    bad=1
    printf '%s\n' "$@" | head -n 60 | sed 's/^/# /'
}
in_tmux() { tmux -S "$socket" -f /dev/null "$@"; }

# open COMMAND: a terminal of $cols x $rows of the type $kind in which that runs.
open() {
    # The server before may still be on its way out: each has a socket of its own.
    if [[ $opened = yes ]]; then in_tmux kill-server 2>/dev/null; fi
    ((servers += 1))
    socket=$scratch/tmux.$servers
    in_tmux start-server \; set -g status off \; set -g escape-time 0 \; \
        set -g default-terminal "$kind" \; new-session -d -x "$cols" -y "$rows" -s t "$1" ||
        problem "tmux does not start"
    opened=yes
}
# start ARGUMENTS…: the program in a terminal, in the test's own folder and with the environment
# `given` besides. Its exit status goes to the file `ended`, what it says after it has left the
# screen to `err`, its process id to `pid`, the terminal's modes to `before` and `after`.
start() {
    rm -f ended pid
    {
        echo "cd '$PWD' || exit 9"
        # Ctrl-C is for the program, not for this script; and nobody looks for a core.
        echo "trap : INT; ulimit -c 0; stty -g >before; echo 'what was there'"
        # shellcheck disable=SC2016 # for the inner shell
        printf '%q ' env "${given[@]}" sh -c 'echo $$ >pid.part; mv pid.part pid; exec "$0" "$@"' \
            "$program" "$@"
        echo "2>err"
        # A newline in between: what the terminal shows when the program has gone.
        echo "echo \$? >ended.part; stty -g >after; mv ended.part ended; echo; exec sleep 600"
    } >start.sh
    open "bash $PWD/start.sh 2>shell"
}
# terminal FORMAT: what tmux knows of it, as alternate_on, cursor_flag.
terminal() { in_tmux display-message -p -t t "#{$1}"; }
# untouched: the terminal is as it was found.
untouched() {
    until_so shows "what was there" || problem "the screen before did not come back" "$(screen)"
    is "alternate $(terminal alternate_on)" "alternate 0"
    is "cursor $(terminal cursor_flag)" "cursor 1"
    is "mouse $(terminal mouse_any_flag)" "mouse 0"
    is "keypad $(terminal keypad_flag)$(terminal keypad_cursor_flag)" "keypad 00"
    is "$(<after)" "$(<before)"
}
# keys NAME…: presses keys by tmux's names: Down, Enter, Escape, Space, C-r, BTab, x.
keys() { in_tmux send-keys -t t "$@"; }
# types TEXT: types it, letter by letter as it stands.
types() { in_tmux send-keys -t t -l -- "$1"; }
screen() { in_tmux capture-pane -p -t t; }
resize() { in_tmux resize-window -t t -x "$1" -y "$2"; }

# until_so COMMAND…: again and again until it is true; false when the time is up. One process a look
# (tmux's answer), none for the pause, and ever longer pauses: looks are what these tests cost.
until_so() {
    local end=$((SECONDS + WAIT_S)) pause
    for pause in 0.05 0.05 0.1 0.1; do
        "$@" && return
        read -rt "$pause" -u "$nothing"
    done
    until "$@"; do
        ((SECONDS < end)) || return 1
        read -rt 0.2 -u "$nothing" || : # that is the pause
    done
}
shows() { [[ $(screen) = *"$1"* ]]; }
shows_not() { ! shows "$1"; }
matches() { # a line of it
    local line
    while IFS= read -r line; do
        [[ $line =~ $1 ]] && return
    done < <(screen)
    return 1
}
# sees TEXT…: each text comes onto the screen.
sees() {
    local text
    for text; do
        until_so shows "$text" || problem "never saw: $text" "$(screen)"
    done
}
like() { until_so matches "$1" || problem "never saw anything like: $1" "$(screen)"; }
# gone TEXT: it leaves the screen, or is not there.
gone() { until_so shows_not "$1" || problem "still there: $1" "$(screen)"; }
# still SECONDS: nothing changes on the screen for so long (a claim about doing nothing needs time).
still() {
    local before after
    before=$(screen)
    sleep "$1"
    after=$(screen)
    [[ $before = "$after" ]] || problem "the screen moves:" "$(diff <(echo "$before") <(echo "$after"))"
}
there() { [[ -e $1 ]]; }
# ends STATUS: the program ends with it.
ends() {
    until_so there ended || { problem "it does not end" "$(screen)"; return; }
    [[ $(<ended) = "$1" ]] || problem "status $(<ended), expected $1" "$(cat err)"
}
# command TEXT: through the prompt.
command_line() {
    types ":"
    sees "command (Tab"
    types "$1"
    sees "$1"
    keys Enter
    gone "command (Tab"
}
has() { # has FILE TEXT…: each text stands in the file
    local in=$1 text
    shift
    for text; do
        grep -qF -- "$text" "$in" || problem "no '$text' in $in:" "$(head -n 12 "$in")"
    done
}
hasnot() { ! grep -qF -- "$2" "$1" || problem "'$2' stands in $1"; }
is() { [[ $1 = "$2" ]] || problem "'$1' instead of '$2'"; }
# pool FILE LINES…: a small scenario of the worker pool in sim, with further lines.
pool() {
    local to=$1
    shift
    printf '%s\n' '; a comment that stays' '[scenario]' 'title = Small pool' \
        'pattern = worker_pool' 'world = sim' 'seed = 3' '[traffic]' 'arrivals = steady(50/s)' \
        '[dependency]' 'latency = exp(100ms) ; on average' '[worker_pool]' 'workers = 4' \
        'queue = 10' "$@" >"$to"
}

# shellcheck source=/dev/null
. "$file"
tests=${ONLY:-$(declare -F | sed -n 's/^declare -f test_//p')}
echo "TAP version 13"
echo "1..$(echo "$tests" | wc -w)"
number=0
for name in $tests; do
    number=$((number + 1)) bad=0 cols=80 rows=24 kind=screen-256color given=()
    mkdir "$scratch/$name" && cd "$scratch/$name" || exit 1
    "test_$name" 2>"$scratch/stderr"
    [[ ! -s $scratch/stderr ]] || sed 's/^/# /' "$scratch/stderr"
    if [[ -e err ]] && grep -qE 'Sanitizer|runtime error' err; then problem "$(cat err)"; fi
    if [[ $bad = 0 ]]; then echo "ok $number - $name"; else echo "not ok $number - $name"; fi
done
