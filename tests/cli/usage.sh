# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What is said, where, and with which status, before anything runs.

test_help_goes_to_standard_output() {
    local sub
    for sub in '' run replay export check explore verify list; do
        # shellcheck disable=SC2086
        status 0 $sub --help
        has out "usage: patternscope" --help
        empty err
    done
    status 0 --help
    has out run replay export check explore verify list
    status 0 run --help
    has out --for --seed --world --speed --set --record --events --summary --cues --dump-at --explain
    status 0 help
    has out run replay export check explore verify list
    status 0 help run
    has out "usage: patternscope run"
}

test_a_session_is_not_read_as_a_scenario() {
    pool a.ini
    status 0 run a.ini --world sim --for 1s --record a.psr
    local sub
    for sub in '' run check "explore --until panic"; do
        # shellcheck disable=SC2086
        status 2 $sub a.psr
        is "$(cat err)" "a.psr: a recorded session, not a scenario (see: patternscope replay a.psr)"
    done
    status 2 replay a.ini
    has err "is not a session" "a scenario is watched by: patternscope a.ini"
}

test_version_is_one_line() {
    status 0 --version
    is "$(wc -l <out)" 1
    has out "patternscope "
}

test_unknown_words_name_the_nearest() {
    status 2 run worker_pool --sed 4
    has err "'--sed'" "--seed"
    empty out
    status 2 list paterns
    has err "patterns"
    status 2 list nonsense
    has err "there are patterns, params, panels" "themes"
    status 2 list params worker_pol
    has err "worker_pool"
    status 2 run worker_pol
    has err "worker_pool"
    status 2 run lessons/T1.M9
    has err "lessons/T1.M9"
    status 2 rum worker_pool
    has err "run"
    status 2 export worker_pool --format jsonk -o x
    has err "jsonl"
}

test_options_are_checked() {
    status 2 run
    has err SCENARIO
    status 2 run worker_pool lessons/T1.M1
    status 2 run worker_pool --for
    has err "--for needs"
    status 2 run worker_pool --for soon
    has err "--for soon"
    status 2 run worker_pool --seed -1
    status 2 run worker_pool --world moon
    has err "sim or live"
    status 2 run worker_pool --speed 0
    status 2 run worker_pool --cues maybe
    status 2 run worker_pool --dump-at soon
    status 2 run worker_pool --json
    has err "not taken here"
    status 2 run worker_pool --events - --summary -
    status 2 check
    status 2 verify
    status 2 list patterns more
    status 2 export worker_pool
    has err "--format is missing"
    status 2 export worker_pool --format jsonl
    has err "-o"
    status 2 export worker_pool --format cast -o x --size 9x9
    status 2 export worker_pool --format cast -o x --theme plaid
    status 2 export worker_pool --format cast -o x --from 3s --to 2s
}

test_option_forms() {
    pool a.ini
    status 0 run a.ini --seed=5 --summary=-
    has out '"seed": 5'
    status 0 run --seed 6 --summary - -- a.ini
    has out '"seed": 6'
    mv a.ini -- -b.ini
    status 0 run -- -b.ini
}

test_set_is_checked_like_the_file() {
    pool a.ini
    status 2 run a.ini --set worker_pool.wrokers=3
    has err workers
    status 2 run a.ini --set worker_pool.workers=none
    has err "--set worker_pool.workers=none"
    status 2 run a.ini --set workers=3
    has err "SECTION.KEY=VALUE"
    status 0 run a.ini --set worker_pool.workers=3 --set traffic.count=20 --summary -
    has out '"arrived": 20'
}

test_files_that_are_none() {
    status 2 run gone.ini
    has err gone.ini
    mkdir folder
    status 2 run folder
    has err directory
    status 2 run ./folder
    has err "folder: "
    mkfifo pipe.ini
    status 2 run pipe.ini
    has err "pipe.ini"
    status 2 run ""
    status 2 replay gone.psr
    status 2 verify gone.psr
    has err gone.psr
    status 2 export gone.psr --format jsonl -o x
    pool a.ini
    status 2 verify a.ini
    status 2 run a.ini --record no/such/folder.psr
    has err "no/such/folder.psr"
    status 2 run a.ini --events no/such/folder.jsonl
    status 2 run a.ini --summary no/such/folder.json
    status 2 export a.ini --format jsonl -o no/such/folder.jsonl
}

test_errors_name_file_and_line() {
    pool bad.ini '[worker_pool]' 'wrokers = 4' 'queue = many' '[cue.1]' 'at = 1s' 'do = fly' \
        '[expect]' 'requests.dnoe = 3' '[layout]' 'rows = flow, chanels'
    status 2 check bad.ini
    has err "bad.ini:11: " "bad.ini:12: " "bad.ini:15: " "bad.ini:17: " "bad.ini:19: " \
        workers requests.done channels
    empty out
    status 2 run bad.ini
    has err "bad.ini:11: " "bad.ini:19: "
    status 2 check --json bad.ini
    has out '"file":"bad.ini","line":11,"message":"'
    pool good.ini
    status 0 check good.ini
    empty out
    empty err
    status 2 check good.ini bad.ini gone.ini
    has err "bad.ini:11: " "gone.ini"
    status 0 check --json good.ini
    is "$(cat out)" "[]"
}

test_traces_are_checked_before_anything_runs() {
    pool a.ini
    sed -i 's/^arrivals.*/arrivals = trace(a.csv)/; s/^count.*/count = 0/' a.ini
    status 2 check a.ini
    has err "a.ini:6: arrivals = trace(a.csv): a.csv cannot be read"
    status 2 run a.ini --set 'traffic.arrivals=trace(b.csv)'
    has err "--set traffic.arrivals: " "b.csv cannot be read"
    hasnot err a.ini:
    printf 'at_ms,outcome\n1,ok\n2,perhaps\n' >a.csv
    status 2 run a.ini
    has err "a.csv:3: "
    printf 'at_ms,outcome\n1,ok\n2,error\n' >a.csv
    mkdir elsewhere && cd elsewhere || return
    status 0 run ../a.ini --summary -
    has out '"arrived": 2' '"errors": 1'
}

test_lists() {
    local what
    for what in patterns panels keys commands events figures diagnoses exports scenarios lessons \
        themes; do
        status 0 list $what
        [[ -s out ]] || problem "list $what is empty"
        status 0 list $what --json
        python3 -c 'import json, sys; assert json.load(sys.stdin)[0]' <out ||
            problem "list $what --json is no JSON array with something in it"
    done
    status 0 list presets --json
    status 0 list params worker_pool
    has out worker_pool.workers traffic.arrivals dependency.latency scenario.seed
    status 0 list params
    status 0 list scenarios
    has out worker_pool
    status 0 list lessons
    has out lessons/T1.M1 lessons/T1.M4
    status 0 list
    has out params
}

test_where_scenarios_are_looked_up() {
    # From anywhere: the compiled-in copy.
    status 0 check worker_pool lessons/T1.M3 T1.M3 T1.M3.fixed
    # ./configs before the user's folder before that.
    mkdir -p configs "$XDG_DATA_HOME/patternscope/lessons"
    pool configs/worker_pool.ini
    pool "$XDG_DATA_HOME/patternscope/own.ini"
    pool "$XDG_DATA_HOME/patternscope/lessons/T9.M1-mine.ini"
    pool "$XDG_DATA_HOME/patternscope/lessons/T9.M1-mine.fixed.ini"
    pool "$XDG_DATA_HOME/patternscope/lessons/T9.M2-a.ini"
    pool "$XDG_DATA_HOME/patternscope/lessons/T9.M2-b.ini"
    status 0 run worker_pool --summary -
    has out '"arrived": 50'
    status 0 run own
    status 0 run T9.M1 --summary -
    has out '"scenario": "T9.M1-mine"'
    status 0 run T9.M1.fixed --summary -
    has out '"scenario": "T9.M1-mine.fixed"'
    status 2 run T9.M2
    has err T9.M2-a T9.M2-b
    status 0 list lessons
    has out lessons/T9.M2-b
    rm -r "$XDG_DATA_HOME"
}

test_not_a_terminal() {
    status 3 worker_pool
    has err "patternscope run"
}

# The shells ask the program what there is; what they say by themselves must be all.
test_completions_know_every_word() {
    local root word shell
    root=$(dirname "$file")/../..
    for word in $(sed -n 's/^SUBCOMMAND(\([a-z]*\).*/\1/p' "$root/src/app/subcommands.def"); do
        for shell in "$root"/assets/completions/*; do
            grep -qw -- "$word" "$shell" || problem "$shell does not know $word"
        done
    done
    mkdir bin
    ln -s "$program" bin/patternscope
    PATH=$PWD/bin:$PATH
    # shellcheck source=/dev/null
    . "$root/assets/completions/patternscope.bash"
    offers() { # offers WORD WORDS-OF-THE-LINE…
        local wanted=$1
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _patternscope
        [[ " ${COMPREPLY[*]} " = *" $wanted "* ]] || problem "$*: offers ${COMPREPLY[*]}, not $wanted"
    }
    offers run patternscope r
    offers worker_pool patternscope run work
    offers lessons/T1.M3-no-cancel patternscope lessons/T1.M3
    offers --record patternscope run --rec
    offers jsonl patternscope export x.psr --format js
    offers sim patternscope run worker_pool --world s
    offers diagnoses patternscope list dia
    offers worker_pool patternscope list params w
    offers deadlock patternscope explore x --until dead
}
