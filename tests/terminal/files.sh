# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # run.sh sets what is not set here
# What the screen writes and reads: recordings, scenarios, cues, the file that changes under it.

verified() { # verified FILE
    "$program" verify "$1" >out 2>&1 || problem "verify $1" "$(cat out)"
    has out "same"
}

test_recording_on_and_off_and_on() {
    pool a.ini
    start a.ini
    sees "workers 4/4"
    types "r"
    sees "recording to a-" "● REC"
    keys Down Right
    sees "workers 5/5"
    types "r"
    sees "recorded: a-" "patternscope replay a-"
    gone "● REC"
    command_line "record second.psr"
    sees "recording to second.psr, from the beginning on"
    command_line "record third.psr"
    sees "second.psr is being recorded"
    command_line "record off"
    sees "recorded: second.psr"
    command_line "record off"
    sees "nothing is being recorded"
    command_line "record second.psr"
    sees "second.psr"
    gone "● REC"
    keys q
    ends 0
    verified second.psr
    verified a-*.psr
    [[ ! -e third.psr ]] || problem "third.psr was made"
    # The second, longer one begins as the first does.
    "$program" export a-*.psr --format jsonl -o first.jsonl
    "$program" export second.psr --format jsonl -o second.jsonl
    head -n -1 first.jsonl | cmp -s - <(head -n $(($(wc -l <first.jsonl) - 1)) second.jsonl) ||
        problem "the same run was recorded in two ways"
}

test_a_recording_that_is_on_when_one_leaves_is_kept() {
    pool a.ini
    start a.ini --record talk.psr
    sees "● REC" "workers 4/4"
    keys q
    ends 0
    has err "recorded: talk.psr"
    verified talk.psr
    # A talk that was to be recorded does not begin when it cannot be.
    start a.ini --record talk.psr
    ends 2
    has err "talk.psr" "exist"
    start a.ini --record no/such/folder.psr
    ends 2
    has err "no/such/folder.psr"
}

test_another_start_is_another_recording() {
    pool a.ini
    start a.ini --record talk.psr
    sees "● REC" "workers 4/4"
    keys R
    sees "started again with seed 3, now recording to talk-2.psr"
    sees "● REC"
    types " "
    sees "PAUSED"
    keys q
    ends 0
    verified talk.psr
    verified talk-2.psr
}

test_another_story_is_another_recording() {
    pool a.ini
    start a.ini --record talk.psr
    sees "workers 4/4"
    types " "
    sees "PAUSED"
    command_line "seek 2s"
    sees "00:02.000"
    command_line "seek 1s"
    sees "00:01.000"
    keys Down Right
    sees "Another story from 1.00s on; now recording to talk-2.psr"
    types " "
    sees "workers 5/5"
    keys q
    ends 0
    verified talk.psr
    verified talk-2.psr
}

test_the_tweaks_as_a_scenario_keep_the_comments() {
    pool a.ini
    start a.ini
    sees "workers 4/4"
    command_line "set workers 6"
    command_line "set dependency.latency exp(50ms)"
    sees "dependency.latency = exp(50ms)"
    types "W"
    sees "a scenario with 2 changed values written to" "a-tweaked.ini"
    command_line "save a-tweaked.ini"
    sees "a-tweaked.ini is there already"
    keys q
    ends 0
    has a-tweaked.ini "; a comment that stays" "workers = 6" "latency = exp(50ms) ; on average"
    [[ $(diff a.ini a-tweaked.ini | grep -c '^[<>]') = 4 ]] ||
        problem "more has changed than was set" "$(diff a.ini a-tweaked.ini)"
    "$program" check a-tweaked.ini >out 2>&1 || problem "$(cat out)"
}

test_the_tweaks_as_cues_play_again() {
    pool a.ini
    start a.ini
    sees "workers 4/4"
    types "C"
    sees "nothing was changed yet"
    command_line "set workers 7"
    sees "workers 7/7"
    types "i1"
    sees "inject dependency hang"
    types "C"
    sees "a scenario with 2 cues written to" "a-cues.ini"
    keys q
    ends 0
    has a-cues.ini "[cue.1]" "do = set worker_pool.workers 7" "[cue.2]" "do = inject dependency hang"
    "$program" run a-cues.ini --for 20s --events events --summary /dev/null >out 2>&1 ||
        problem "$(cat out)"
    has events '"name":"worker_pool.workers","value":"7","by":"cue"'
}

test_the_file_changes_on_disk() {
    pool a.ini
    start a.ini
    sees "workers 4/4"
    sed -i 's/^workers = 4/workers = 6/' a.ini
    sees "read again: 1 parameter set" "workers 6/6"
    # A bad one is told with its line, and nothing changes.
    sed -i 's/^workers = 6/workers = none/' a.ini
    sees "a.ini:12: " "(the old one stays)" "workers 6/6"
    # Editors write another file and put it in place.
    pool b.ini
    sed -i 's/^workers = 4/workers = 3/; s/^queue = 10/queue = 5/' b.ini
    mv b.ini a.ini
    sees "read again: 1 parameter set; press R for the rest" "workers 3/3" "/10"
    keys R
    sees "started again with seed 3" "/5"
    gone "kept"
    sed -i 's/^seed = 3/seed = 11/' a.ini
    sees "press R for the rest"
    keys R
    sees "started again with seed 11"
    keys C-r
    sees "read again: the file is the same"
    keys q
    ends 0
}

test_keys_are_bound_in_the_file() {
    pool a.ini '[keys]' 'F6 = inject dependency hang' 'Z = set workers 8' 'Space = mark here' \
        'F7 = pause' 'd ='
    start a.ini --events events
    sees "workers 4/4"
    types "Z"
    sees "workers 8/8"
    keys F6
    sees "inject dependency hang"
    keys Space
    sees "mark here"
    types "d"
    sees "d does nothing here"
    keys F7
    sees "PAUSED" "F7 goes on"
    types "?"
    sees "keys (arrows scroll" "as bound in the scenario"
    keys Escape
    keys q
    ends 0
    has events '"text":"inject dependency hang"' '"text":"here"'
    # Nonsense is refused before anything runs.
    pool b.ini '[keys]' 'Z = no such command' 'Ctrl-C = pause'
    start b.ini
    ends 2
    has err "b.ini:15:" "b.ini:16:"
}
