# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # run.sh sets what is not set here
# The screen itself: help, prompt, panels, the gallery, a recording that is played, live, the end.

at_rest() { keys q; ends 0; }

test_help_lists_every_key() {
    pool a.ini
    cols=120 rows=60
    start a.ini
    sees "workers 4/4"
    types "?"
    sees "keys (arrows scroll, Esc closes)" "Actions of worker_pool" "graceful: close jobs"
    screen >shown
    "$program" list keys >keys.txt
    local key rest
    while read -r key rest; do
        grep -qE -- "(^|[ ┃])$(sed 's/[][(){}.*+?^$|\\/]/\\&/g' <<<"$key") " shown ||
            problem "$key is not in the help" "$(<shown)"
    done <keys.txt
    [[ $(wc -l <keys.txt) -gt 40 ]] || problem "hardly any keys"
    types "?"
    gone "keys (arrows"
    rows=24
    resize 80 24
    keys F1
    sees "keys (arrows scroll"
    keys End
    sees "hard: cancel the context"
    keys Escape
    gone "keys (arrows"
    at_rest
}

test_the_prompt_completes() {
    pool a.ini
    start a.ini
    sees "workers 4/4"
    types ":se"
    sees "change a parameter, by steps" "go to an instant"
    keys Tab Tab
    sees ": seek"
    keys BTab
    sees ": set"
    types " worker_pool.wo"
    keys Tab
    sees ": set worker_pool.workers"
    types "8"
    sees ": set worker_pool.workers 8"
    keys Enter
    sees "workers 8/8"
    # What was typed before comes back; keys of editing.
    types ":"
    keys Up
    sees ": set worker_pool.workers 8"
    keys BSpace 5 Enter
    sees "workers 5/5"
    types ":nonsense"
    keys Enter
    sees "nonsense"
    command_line "set workerz 3"
    sees "no parameter 'workerz' here (did you mean 'worker_pool.workers'?)"
    # What does not fit into one line is read whole all the same.
    command_line "inject dependency foo"
    sees "nothing to inject called 'dependency foo'" "consumer recover)"
    types ":inject "
    sees "consumer" "dependency"
    keys C-u
    types "theme "
    sees "mono"
    keys C-u
    types "do "
    sees "shutdown" "cancel"
    keys Escape
    gone "command (Tab"
    types ":quit"
    keys Enter
    ends 0
}

test_pasted_text_is_no_command() {
    pool a.ini
    start a.ini
    sees "workers 4/4"
    printf 'quit\nxxqdR' >pasted
    in_tmux load-buffer pasted
    in_tmux paste-buffer -p -t t
    sees "pasted text goes nowhere here" "workers 4/4"
    types ":"
    sees "command (Tab"
    in_tmux paste-buffer -p -t t
    sees ": quit xxqdR"
    keys C-u
    printf 'set workers 6' >pasted
    in_tmux load-buffer pasted
    in_tmux paste-buffer -p -t t
    sees ": set workers 6"
    keys Enter
    sees "workers 6/6"
    at_rest
}

test_panels_their_lines_and_details() {
    pool a.ini
    start a.ini
    sees "workers 4/4"
    keys Tab
    sees "┏ tasks"
    keys Down
    sees "▸#2"
    keys Enter
    sees "worker-1" "state"
    keys Escape
    keys End
    gone "▸#2"
    types "g"
    sees "▸#1"
    keys Tab
    sees "┏ channels"
    keys BTab
    sees "┏ tasks"
    command_line "focus parameters"
    sees "┏ parameters" "job_timeout"
    command_line "focus nothing"
    sees "there is no panel 'nothing'"
    command_line "focus log"
    sees "┏ log" "is done after"
    types "/"
    sees "filter the log"
    types "producer waits"
    keys Enter
    gone "is done after"
    sees "producer waits"
    keys Up Up
    types "w"
    sees "┏ why" "producer waits" "Just before:"
    keys Escape
    gone "┏ why"
    keys Escape
    sees "is done after"
    at_rest
}

test_themes_and_redraw() {
    pool a.ini
    start a.ini
    sees "workers 4/4"
    types "t"
    sees "theme "
    command_line "theme mono"
    sees "theme mono:"
    command_line "theme plaid"
    sees "there is no theme 'plaid'"
    keys C-l
    sees "workers 4/4" "producer"
    at_rest
}

# shellcheck disable=SC2034 # cols and rows are run.sh's
test_the_gallery() {
    mkdir configs
    pool configs/a_mine.ini
    printf 'pattern = nothing\n[scenario]\npattern = worker_pool\nworkers = x\n' >configs/a_bad.ini
    start
    sees "pick one" "Scenarios" "▸ a_bad" "Esc quit"
    sees "line 1: "
    keys Enter
    sees "pick one" "line 1"
    keys Down
    sees "▸ a_mine" "Small pool" "sim: the same each time"
    types "?"
    sees "keys (arrows scroll" "show only what has a word" "this help; also F1" "one event forward"
    keys End
    sees "draw the screen again"
    keys Escape
    gone "keys (arrows"
    sees "▸ a_mine"
    keys F1
    sees "keys (arrows scroll"
    types "q"
    gone "keys (arrows"
    sees "▸ a_mine"
    types "/"
    types "one-task"
    sees "search: one-task" "(2 of" "T1.M4"
    gone "▸ a_mine"
    keys Escape
    sees "▸ " "a_mine"
    types "hung"
    sees "worker_pool_hung_jobs" "(1 of"
    keys Enter
    sees "worker_pool_hung_jobs ·" "producer"
    # Back, and on where one was.
    keys Escape
    sees "pick one" "▸ worker_pool_hung_jobs" "Esc back"
    keys Escape
    sees "producer"
    command_line "gallery"
    sees "pick one"
    keys q
    ends 0
    cols=120 rows=40
    start
    sees "pick one" "a_mine" "$("$program" list scenarios | awk 'NR == 15 { print $1 }')"
    keys End
    sees "$("$program" list lessons | awk 'END { sub(/^[^ ]* */, ""); print }')" "Question: "
    keys q
    ends 0
}

test_a_recording_is_played() {
    pool a.ini
    sed -i '$a[cue.1]\nat = 700ms\nsay = one\n[cue.2]\nat = 2200ms\nsay = two' a.ini
    "$program" run a.ini --for 3s --record talk.psr --summary /dev/null || problem "run"
    start replay talk.psr
    sees "REPLAY" "/00:03.000" "stops time"
    # The key line has what a recording takes.
    sees "( ) second"
    gone "i inject"
    types " "
    sees "PAUSED"
    command_line "seek 1500ms"
    sees "00:01.500/00:03.000"
    types "("
    sees "00:00.500/"
    types ")"
    sees "00:01.500/"
    types "}"
    sees "00:01.510/"
    types "{"
    sees "00:01.500/"
    # From chapter to chapter.
    types "n"
    sees "00:02.200/"
    types "n"
    sees "there is no mark after this"
    types "pp"
    sees "00:00.700/"
    types "p"
    sees "there is no mark before"
    types "d"
    sees "this is a recording: what happened in it cannot be changed"
    types "r"
    sees "this is a recording already"
    types "N"
    sees "it has the seed it was made with"
    types "e"
    sees "this is a recording"
    keys Down
    sees "worker_pool.workers = 4"
    command_line "seek 1m"
    sees "the recording ends there" "00:03.000"
    keys C-l
    sees "The end of the recording: R plays it again"
    types "."
    sees "this is the end"
    types ","
    sees "PAUSED"
    types "R"
    sees "▶ 1.0×"
    types "[[["
    sees "▶ 0.1×"
    command_line "seek end"
    sees "The end of the recording"
    types " "
    sees "▶ 0.1×" "00:00."
    at_rest
}

test_live_stops_and_steps() {
    pool a.ini
    sed -i 's/^world = sim/world = live/' a.ini
    start a.ini --events events
    sees "live seed 3" "workers 4/4"
    types " "
    sees "PAUSED"
    still 1
    types "}}}"
    like '^ ([0-9]+ events on, at|event|no event in that time; the last was) [0-9]+: [a-z]'
    types "...,,,"
    like '^ past: event [0-9]+: [a-z]'
    command_line "seek -1ms"
    sees "This is the past: space plays on; a change takes effect now, not then."
    keys Down Right
    sees "Live cannot go back: this takes effect now"
    types " "
    sees "▶ 1.0×" "workers 5/5"
    command_line "seek +1h"
    sees "live cannot be asked what comes"
    types "[[[["
    sees "▶ 0.05×"
    keys R
    sees "started again"
    types "x"
    sees "ENDED" "dropped. R again"
    at_rest
    has events '"ev":"end"'
}

test_after_the_end() {
    pool a.ini
    start a.ini
    sees "workers 4/4"
    types "x"
    sees "ENDED"
    types "i"
    sees "inject a fault"
    keys Enter
    sees "the scenario has ended"
    # A parameter waits for the next start.
    command_line "set workers 9"
    sees "worker_pool.workers = 9 from R on"
    types ","
    sees "PAUSED"
    types "."
    sees "ENDED"
    types "."
    sees "this is the end"
    types "("
    sees "PAUSED"
    keys R
    sees "1 changed parameter kept" "group workers 9"
    at_rest
}

test_a_lesson_from_its_name() {
    start lessons/T1.M1
    sees "T1.M1-jobs-never-closed" "sim seed"
    command_line "speed 20"
    sees "LEAK at"
    keys Escape
    sees "pick one" "▸ T1.M1 " "patternscope lessons/T1.M1-jobs-never-closed"
    keys q
    ends 0
}

# Each line of advice fits a small terminal, and the keys in it are those of the file.
test_advice_fits() {
    pool a.ini
    start a.ini
    sees "change a parameter while it runs. ? lists all keys."
    keys Down
    sees "worker_pool.workers"
    keys F5
    command_line "speed 1"
    keys Escape
    sees "pick one"
    keys Escape
    sees "burst of errors."
    types "i"
    keys Escape
    types "i4"
    until_so fits_and_shows "event by event."
    types " "
    until_so fits_and_shows "goes on."
    types "."
    until_so fits_and_shows "explains a log line."
    types ","
    until_so fits_and_shows "another story."
    types " r"
    sees "recording to"
    at_rest
}
fits_and_shows() {
    local line
    line=$(screen | tail -n 2 | head -n 1)
    [[ $line != *…* ]] || problem "does not fit: $line"
    [[ $line = *"$1"* ]]
}

# The first start: something fills, and one line says what to press.
test_the_first_seconds() {
    start worker_pool
    sees "lists all keys."
    like 'jobs +▐█.* [1-9][0-9]*/100'
    sees "Jobs queue up while all workers are busy"
    at_rest
    # The screen before is there again, and nothing was asked.
    untouched
}
