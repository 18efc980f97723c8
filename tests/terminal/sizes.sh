# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034,SC2317,SC2191
# The screen follows the terminal's size, whatever it is, while the run goes on.

# fills W H: the screen is drawn for that size: the keys stand on the last line, and nothing is cut.
fills() {
    until_so bottom "$2" || problem "not drawn for $1x$2" "$(screen)"
}
bottom() { screen | sed -n "$1p" | grep -q '? help'; }

test_resizing_while_it_runs() {
    local size
    pool a.ini
    start a.ini
    sees "worker-4"
    for size in "120 40" "40 10" "200 60" "100 24" "80 60" "61 17"; do
        resize "${size% *}" "${size#* }"
        fills "${size% *}" "${size#* }"
    done
    resize 80 24
    fills 80 24
    sees "worker-4"
    keys q
    ends 0
    untouched
}

test_too_small_says_what_is_needed() {
    pool a.ini
    start a.ini
    sees "worker-4"
    resize 39 10
    sees "need 40x10, have 39x10"
    resize 40 9
    sees "need 40x10, have 40x9"
    resize 12 4
    sees "need 40x10" "have 12x4"
    resize 2 1
    until_so shows "ne" || problem "$(screen)"
    resize 80 24
    fills 80 24
    sees "worker-4"
    keys q
    ends 0
    untouched
}

test_starting_in_a_small_terminal() {
    pool a.ini
    cols=20 rows=5
    start a.ini
    sees "need 40x10" "20x5" # on two lines
    resize 80 24
    sees "worker-4"
    keys q
    ends 0
}

test_a_storm_of_sizes() {
    local i
    pool a.ini
    start a.ini
    sees "worker-4"
    for i in {1..60}; do
        resize $((20 + i * 37 % 180)) $((1 + i * 13 % 50))
    done
    resize 120 40
    fills 120 40
    sees "worker-4" "metrics"
    kill -s TERM "$(<pid)"
    ends 143
    untouched
}

test_the_gallery_follows_too() {
    start
    sees "Scenarios" "choose"
    resize 120 40
    # More than a small screen has rows for.
    until_so shows "$("$program" list scenarios | awk 'NR == 15 { print $1 }')" || problem "$(screen)"
    resize 30 8
    sees "need 40x10"
    resize 80 24
    sees "choose"
    keys Escape
    ends 0
    untouched
}

test_overlays_follow_too() {
    pool a.ini
    start a.ini
    sees "worker-4"
    types "?"
    sees "this help"
    resize 40 10
    sees "this help"
    resize 160 50
    sees "this help" "worker-4"
    keys Escape
    gone "this help"
    keys q
    ends 0
}
