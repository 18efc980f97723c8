# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034,SC2317,SC2191
# However it ends or stops, the terminal is left as it was found.

test_quitting_gives_the_screen_back() {
    pool a.ini
    start a.ini
    sees "worker-4"
    is "alternate $(terminal alternate_on)" "alternate 1"
    is "cursor $(terminal cursor_flag)" "cursor 0"
    gone "what was there"
    keys q
    ends 0
    untouched
    is "$(cat err)" ""
}

begun() { "$program" export a.psr --format jsonl -o - 2>/dev/null | grep -q '"ev":"start"'; }
# dies SIGNAL: while it records; the status says of what, and the recording can be read.
dies() {
    mkdir "$1" && cd "$1" || return
    pool a.ini
    start a.ini --record a.psr
    sees "worker-4" "REC"
    # A crash may take the last 200 ms: there must be something before them.
    until_so begun || problem "nothing is recorded" "$(screen)"
    kill -s "$1" "$(<pid)"
    ends $((128 + $(kill -l "$1")))
    untouched
    "$program" export a.psr --format jsonl -o a.jsonl 2>warning ||
        problem "the recording cannot be read" "$(cat warning)"
    [[ $2 = whole ]] && is "$(cat warning)" ""
    has a.jsonl '"ev":"start"'
    cd ..
}

test_signals() {
    local signal
    for signal in TERM INT HUP; do
        dies "$signal" whole
    done
}

test_crashes() {
    local signal
    # A sanitizer has its own way with the others.
    local all="SEGV ABRT BUS FPE ILL"
    [[ -z ${PATTERNSCOPE_SANITIZED:-} ]] || all=ABRT
    for signal in $all; do
        dies "$signal" torn
    done
}

test_control_c_is_an_interrupt() {
    pool a.ini
    start a.ini
    sees "worker-4"
    keys C-c
    ends 130
    untouched
}

test_a_crash_shows_what_was_said() {
    pool a.ini
    # stderr is the terminal here: it is kept away from the screen, and shown when that has gone.
    start a.ini
    sees "worker-4"
    kill -s ABRT "$(<pid)"
    ends 134
    untouched
    sed -i 's/2>err$//' start.sh
    open "bash $PWD/start.sh"
    sees "worker-4"
    rm -f ended
    kill -s ABRT "$(<pid)"
    ends 134
    untouched
}

# The clock on the screen, in milliseconds.
clock() {
    local text
    text=$(screen | head -n 1 | grep -oE '[0-9]+:[0-9]{2}\.[0-9]{3}' | head -n 1)
    echo $((10#${text%%:*} * 60000 + 10#${text:3:2} * 1000 + 10#${text##*.}))
}
stopped() { [[ $(sed 's/.*) //; s/ .*//' "/proc/$(<pid)/stat") = T ]]; }

wall_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# in_a_shell: the program as a job of an interactive shell.
in_a_shell() {
    open "env PS1='shell> ' PS2= bash --norc --noprofile -i"
    sees "shell>"
    types "cd '$PWD'; stty -g >before; clear; echo what was'' there"
    keys Enter
    sees "what was there"
    types "sh -c 'echo \$\$ >pid; exec \"\$0\" \"\$@\"' '$program' a.ini 2>err"
    keys Enter
    sees "worker-4"
}

test_control_z_and_back() {
    pool a.ini
    # The program's clock may count what it ran, by the wall, and nothing of the time it was away.
    local began ran
    began=$(wall_ms)
    in_a_shell
    keys C-z
    sees "Stopped"
    types "stty -g >after"
    keys Enter
    until_so there after
    untouched
    stopped || problem "it runs on"
    ran=$(($(wall_ms) - began))
    sleep $((ran / 1000 + 2)) # longer than all else may take
    began=$(wall_ms)
    types "fg"
    keys Enter
    sees "worker-4"
    is "alternate $(terminal alternate_on)" "alternate 1"
    is "cursor $(terminal cursor_flag)" "cursor 0"
    local shown
    shown=$(clock)
    ran=$((ran + $(wall_ms) - began))
    ((shown <= ran)) || problem "the clock jumped: $shown ms, and it ran for $ran" "$(screen)"
    keys q
    sees "shell>"
    types "echo status=\$?; stty -g >after.part; mv after.part after2"
    keys Enter
    sees "status=0"
    until_so there after2
    mv after2 after
    untouched
}

test_stopped_from_outside() {
    pool a.ini
    in_a_shell
    kill -s TSTP "$(<pid)"
    sees "Stopped"
    is "alternate $(terminal alternate_on)" "alternate 0"
    types "fg"
    keys Enter
    sees "worker-4"
    # SIGSTOP cannot be caught: whoever continues it finds a screen that is drawn anew.
    kill -s STOP "$(<pid)"
    sees "Stopped"
    types "clear; fg"
    keys Enter
    sees "worker-4" "Small pool"
    keys q
    sees "shell>"
}

test_a_terminal_that_goes_away() {
    pool a.ini
    start a.ini --record a.psr
    sees "worker-4" "REC"
    local child
    child=$(<pid)
    in_tmux kill-server
    opened=no
    gone_process() { ! kill -0 "$child" 2>/dev/null; }
    until_so gone_process || problem "it lives on without a terminal"
    "$program" export a.psr --format jsonl -o a.jsonl 2>warning ||
        problem "the recording cannot be read" "$(cat warning)"
    is "$(cat warning)" ""
}
