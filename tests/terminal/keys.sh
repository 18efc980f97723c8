# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Keys of the running pool, each by what it does to the run: in the panels, and in the stream that
# --events writes when one leaves.

# leaves: with q; then `events` holds the stream.
leaves() {
    keys q
    ends 0
}
watches() { # the small pool
    start a.ini --events events
    sees "worker-4" "workers 4/4"
}

test_arrows_change_the_number_of_workers() {
    pool a.ini
    watches
    keys Down
    sees "worker_pool.workers = 4"
    keys Right
    sees "worker_pool.workers = 5" "workers 5/5"
    keys Left Left
    sees "worker_pool.workers = 3" "workers 3/3"
    # The other keys for the same.
    types "l"
    sees "worker_pool.workers = 4"
    types "+"
    sees "worker_pool.workers = 5"
    types "h-"
    sees "worker_pool.workers = 3"
    leaves
    has events '"name":"worker_pool.workers","value":"5","by":"key"' '"value":"3"'
}

test_up_and_down_choose_and_wrap() {
    pool a.ini
    watches
    keys Down
    sees "worker_pool.workers = "
    keys Down
    sees "worker_pool.queue = 10"
    types "kk"
    gone "worker_pool"
    types "j"
    sees "worker_pool.workers = "
    leaves
}

test_a_value_is_typed_and_taken_back() {
    pool a.ini
    watches
    keys Down
    types "e"
    sees "allowed: 1..10000" "in the file: 4" ": 4"
    types "7" # in the place of the 4, not behind it
    keys Enter
    sees "worker_pool.workers = 7" "workers 7/7"
    types "e"
    sees "allowed:" ": 7"
    keys End # from here on it is edited
    types "3"
    sees ": 73"
    keys C-u
    types "many"
    keys Enter
    sees "worker_pool.workers: must be 1..10000 or auto" "workers 7/7"
    types "e"
    sees "allowed:"
    types "9"
    keys Escape
    gone "allowed:"
    sees "workers 7/7"
    keys BSpace
    sees "worker_pool.workers = 4" "workers 4/4"
    leaves
}

# A parameter that counts from a start waits for R, and the panel says so.
test_a_parameter_of_the_start_waits_for_it() {
    pool a.ini
    watches
    command_line "set queue 3"
    sees "worker_pool.queue = 3 from R on" "/10"
    keys R
    sees "started again with seed 3, 1 changed parameter kept" "/3"
    gone "/10 "
    command_line "reset all"
    sees "1 parameter has the file's value again"
    keys R
    sees "started again with seed 3" "/10"
    gone "changed parameter"
    leaves
}

test_a_hung_job_keeps_its_worker() {
    pool a.ini
    watches
    types "i"
    sees "inject a fault" "▸1  dependency hang"
    types "9"
    sees "there is no fault 9: 1 to 6" "inject a fault"
    keys Down
    sees "▸2  dependency errors"
    keys Up Enter
    sees "inject dependency hang: the next call"
    # Its age is larger than any other job's would be.
    like 'calls dependency +[3-9]\.[0-9]s job'
    leaves
    has events '"text":"inject dependency hang"' '"by":"key"'
}

test_an_error_burst_and_recovery() {
    pool a.ini
    watches
    sees ", 0 failed"
    types "i2"
    like 'ended, [1-9][0-9]* failed'
    types "i4"
    sees "inject dependency recover"
    leaves
    has events '"phase":"error"'
}

test_a_slow_consumer_fills_the_results() {
    pool a.ini
    watches
    types "i5"
    sees "inject consumer slow"
    like 'results +▐█+▌ 4/4'
    leaves
}

test_a_graceful_shutdown_drains() {
    pool a.ini
    watches
    sees "FULL"
    types "d"
    sees "ENDED"
    like 'shut down in .*: [1-9][0-9]* drained, [0-9]+ rejected, 0 dropped\. R again'
    types "d"
    sees "the scenario has ended: R starts it again"
    leaves
    has events '"text":"do shutdown"'
    hasnot events '"phase":"drop"'
}

test_a_hard_cancel_drops() {
    pool a.ini
    watches
    sees "FULL"
    types "x"
    sees "ENDED" "CANCELLED"
    like ': [0-9]+ drained, [0-9]+ rejected, [1-9][0-9]* dropped'
    leaves
    has events '"text":"do cancel"' '"phase":"drop"'
}

test_marks() {
    pool a.ini
    watches
    types "m"
    sees "mark 1 put here"
    types "m"
    sees "mark 2 put here"
    command_line "mark a chapter of mine"
    sees "mark a chapter of mine"
    leaves
    has events '"text":"mark 1","by":"key"' '"text":"mark 2"' '"text":"a chapter of mine"'
}

test_pause_stops_everything_and_goes_on() {
    pool a.ini
    watches
    keys Space
    sees "PAUSED"
    still 1
    keys Space
    sees "▶ 1.0×"
    gone "PAUSED"
    leaves
}

clock() { screen | head -n 1 | grep -oE '[0-9]{2}:[0-9]{2}\.[0-9]{3}' | head -n 1; }
ms() { # of a clock
    local c=$1
    echo $((10#${c:0:2} * 60000 + 10#${c:3:2} * 1000 + 10#${c:6:3}))
}
moved() { [[ $(clock) != "$1" ]]; }
# presses KEY: again and again until the clock shows another instant; many events share one.
presses() {
    local was
    was=$(clock)
    until_so press_and_moved "$1" "$was" || problem "$1 does not move the clock" "$(screen)"
}
press_and_moved() {
    types "$1"
    moved "$2"
}

test_steps_and_the_same_steps_back() {
    pool a.ini
    watches
    keys Space
    sees "PAUSED"
    local at before
    at=$(clock)
    types "}"
    until_so moved "$at"
    is $(($(ms "$(clock)") - $(ms "$at"))) 10
    at=$(clock) before=$(screen | sed -n 2,21p)
    types "}}}{{{"
    until_so is_back "$at" "$before" || problem "not the same after three steps and back" "$(screen)"
    # Events and switches, one way and the other.
    presses "."
    presses ","
    # Each says at which event it stopped, in the words of the log; several, how many they were.
    local words
    words=$(said)
    types "."
    until_so says_other "$words" || problem "it says no event" "$(screen)"
    words=$(said)
    types "."
    until_so says_other "$words" || problem "the next event is the same" "$(screen)"
    types ","
    until_so says "$words" || problem "not back at $words" "$(screen)"
    types "}"
    like '^ (past: )?([0-9]+ events on, at|event|no event in that time; the last was) [0-9]+: [a-z]'
    presses ">"
    presses "<"
    types " "
    sees "▶ 1.0×"
    leaves
}
# A long sentence takes the panels' lower edge too.
said() { screen | sed -n '22,23{/^[└┗]/!p}' | xargs -d '\n' | sed 's/^ past: / /; s/  */ /g; s/ *[━─●◆]* *$//'; }
says() { [[ $(said) = "$1" ]]; }
says_other() { matches '^ (past: )?event [0-9]+: ' && ! says "$1"; }
is_back() { [[ $(clock) = "$1" && $(screen | sed -n 2,21p) = "$2" ]]; }

test_a_second_back_and_forward() {
    pool a.ini
    watches
    like '00:0[1-9]' # there is a second to go back
    keys Space
    sees "PAUSED"
    local at
    types "))"
    at=$(clock)
    until_so moved "$at"
    at=$(clock)
    types "("
    until_so moved "$at"
    is $(($(ms "$at") - $(ms "$(clock)"))) 1000
    sees "This is the past"
    types ")"
    until_so is_clock "$at" || problem "not at $at again" "$(screen)"
    command_line "seek 00:00"
    sees "must be a duration"
    command_line "seek start"
    sees "00:00.000"
    command_line "seek 2s"
    sees "00:02.000"
    command_line "seek +500ms"
    sees "00:02.500"
    leaves
}
is_clock() { [[ $(clock) = "$1" ]]; }

test_speed() {
    pool a.ini
    watches
    types "]"
    sees "▶ 2.0×" "speed 2: 2 scenario seconds"
    types "]]"
    sees "▶ 10×"
    types "[[[[["
    sees "▶ 0.2×" "200 scenario milliseconds"
    command_line "speed 0.01"
    sees "▶ 0.01×"
    types "["
    sees "▶ 0.01×"
    command_line "speed 1000"
    sees "speed takes 0.01 to 100"
    command_line "speed 100"
    sees "▶ 100×"
    leaves
}

test_a_change_from_the_past_is_another_story() {
    pool a.ini
    watches
    types " "
    sees "PAUSED"
    command_line "seek 3s"
    sees "00:03.000"
    command_line "seek 1s"
    sees "00:01.000"
    keys Down Right
    sees "Another story from 1.00s on"
    types " "
    sees "workers 5/5"
    leaves
    # The stream is that of the new story: the change stands at 1 s, and nothing before it is twice.
    has events '"t":1000000000,' '"by":"branch"'
    [[ $(grep -c '"ev":"start"' events) = 1 ]] || problem "$(grep -c '"ev":"start"' events) starts"
}

test_the_same_seed_is_the_same_run_and_another_is_not() {
    pool a.ini
    sed -i 's/^\[traffic\]/[traffic]\ncount = 40/' a.ini
    start a.ini --events events --speed 10
    sees "ENDED"
    leaves
    mv events first
    start a.ini --events events --speed 10
    sees "ENDED"
    keys R
    sees "started again with seed 3"
    sees "ENDED"
    leaves
    cmp -s first events || problem "R is another run" "$(diff first events | head -n 3)"
    start a.ini --events events --speed 10
    sees "ENDED"
    keys N
    like 'started again with seed [0-9]+'
    gone "seed 3 "
    sees "ENDED"
    leaves
    ! cmp -s first events || problem "N is the same run"
    command_line_reseed
}
command_line_reseed() {
    watches
    command_line "reseed 3"
    sees "started again with seed 3"
    command_line "reseed x"
    sees "a seed is a number from 0 on"
    leaves
}

test_an_unbound_key_says_so() {
    pool a.ini
    watches
    types "Z"
    sees "Z does nothing here; ? lists the keys"
    keys F5
    sees "F5 does nothing here"
    leaves
}
