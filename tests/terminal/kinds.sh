# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034,SC2317,SC2191
# Terminals of all kinds: none, unknown ones, without colours, with few, without UTF-8.

# refuses WORDS…: it ends with 3, says why and names the way without a terminal, draws nothing.
refuses() {
    start a.ini
    ends 3
    has err "$@" "patternscope run"
    untouched
}

test_not_a_terminal() {
    pool a.ini
    "$program" a.ini >out 2>err </dev/null
    is "$?" 3
    is "$(cat out)" ""
    has err "not a terminal" "patternscope run a.ini"
    "$program" >out 2>err </dev/null
    is "$?" 3
    has err "patternscope run"
    "$program" run a.ini --for 1s --record a.psr >out || problem "$(cat out)"
    "$program" replay a.psr >out 2>err </dev/null
    is "$?" 3
    is "$(cat out)" ""
}

test_no_type_is_set() {
    pool a.ini
    given=(-u TERM)
    refuses "TERM is not set" "xterm-256color"
}

test_an_unknown_type() {
    pool a.ini
    given=(TERM=nosuch-type)
    refuses "TERM=nosuch-type" "xterm-256color"
}

test_a_dumb_type() {
    pool a.ini
    given=(TERM=dumb)
    refuses "TERM=dumb"
}

# Cells as tmux has them, with their colours.
coloured() { in_tmux capture-pane -e -p -t t; }
with_colour() { coloured | grep -qE -- "$1"; }
colours() { # colours PATTERN: on the screen; where PATTERN is '' there are none
    sees "worker-4" "quit"
    if [[ -n $1 ]]; then
        until_so with_colour "$1" || problem "no $1" "$(coloured | head -n 5 | cat -v)"
    else
        ! with_colour $'\e\\[([0-9;]*;)?[34][0-8]' || problem "colours" "$(coloured | cat -v | head)"
        # Without colours there is more than plain text: bold, reversed.
        with_colour $'\e\\[([0-9;]*;)?7' || problem "nothing is reversed" "$(coloured | cat -v)"
    fi
}
finish() {
    keys q
    ends 0
    untouched
}

test_256_colours() {
    pool a.ini
    start a.ini
    colours '38;5;74'
    finish
}

test_16_colours() {
    # Most systems have few types with sixteen: Debian's are in ncurses-term.
    if ! infocmp xterm-16color >/dev/null 2>&1; then
        echo "# xterm-16color is not known here: --colors 16 instead"
        given=() && set -- --colors 16
    else
        given=(TERM=xterm-16color) && set --
    fi
    pool a.ini
    start a.ini "$@"
    colours $'\e\\[([0-9;]*;)?9[0-7]|38;5;(9|1[0-5])m'
    ! with_colour '38;5;(1[6-9]|[2-9][0-9]|[12][0-9][0-9])' || problem "more than sixteen"
    finish
}

test_8_colours() {
    pool a.ini
    given=(TERM=screen)
    start a.ini
    colours $'\e\\[([0-9;]*;)?3[0-7]'
    ! with_colour '38;5|\[([0-9;]*;)?9[0-7]' || problem "more than eight"
    finish
}

test_no_colours() {
    pool a.ini
    given=(TERM=vt100)
    start a.ini
    colours ''
    keys q
    ends 0
    # It has no second screen to come back from: what was there stays in the scrolled-off lines.
    is "cursor $(terminal cursor_flag)" "cursor 1"
    is "$(<after)" "$(<before)"
}

test_no_color_is_honoured() {
    pool a.ini
    given=(NO_COLOR=1)
    start a.ini
    colours ''
    finish
    # An empty one means nothing, and an option wins.
    given=(NO_COLOR=)
    start a.ini
    colours '38;5;74'
    finish
    given=(NO_COLOR=1)
    start a.ini --colors 256
    colours '38;5;74'
    finish
}

test_utf_8_unless_told_otherwise() {
    pool a.ini
    given=(-u LC_ALL -u LC_CTYPE -u LANG)
    start a.ini
    sees "worker-4" "┌" "─▶"
    finish
    given=(-u LC_ALL -u LC_CTYPE LANG=nosuch.UTF-8)
    start a.ini
    sees "worker-4" "┌"
    finish
}

test_ascii_where_the_locale_is_c() {
    local variable
    pool a.ini
    for variable in LC_ALL LC_CTYPE LANG; do
        given=(-u LC_ALL -u LC_CTYPE -u LANG "$variable=C")
        start a.ini
        sees "worker-4" "+ tasks" "->"
        ! screen | LC_ALL=C grep -q '[^ -~]' || problem "not ASCII" "$(screen)"
        finish
    done
}

test_ascii_by_option() {
    pool a.ini
    start a.ini --ascii
    sees "worker-4" "+ tasks"
    ! screen | LC_ALL=C grep -q '[^ -~]' || problem "not ASCII" "$(screen)"
    finish
}

# At 300 ms, come to by steps, so that each frame was painted over the one before.
walk() {
    local i
    start a.ini --paused
    sees "nothing has started" "quit"
    for i in {1..30}; do types "}"; done
    sees "00:00.300" "worker-4"
    screen >"$1"
}

wider() { screen | head -n 1 | grep -q '.\{90\}'; }
test_every_type_shows_the_same() {
    local type
    pool a.ini
    walk want
    # All of it painted anew, at that size again, is the same.
    resize 100 30
    until_so wider
    resize 80 24
    as_before() { screen | cmp -s want -; }
    until_so as_before || problem "painted anew it differs" "$(screen | diff want -)"
    finish
    for type in xterm xterm-256color tmux-256color screen linux vt100 vt220 ansi rxvt; do
        if ! infocmp "$type" >/dev/null 2>&1; then
            echo "# $type is not known here"
            continue
        fi
        given=(TERM="$type")
        walk got
        cmp -s want got || problem "$type differs" "$(diff want got)"
        keys q
        ends 0
    done
}
