# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Casts in other people's programs.

# What casts have written by some instants, for a terminal: in CAST.NANOSECONDS.
cast_until() { # cast_until CAST… -- NANOSECONDS…
    python3 - "$@" <<'END'
import json, sys
casts, instants = sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
for cast in casts:
    lines = [json.loads(l) for l in open(cast).readlines()[1:]]
    for instant in instants:
        with open(cast + "." + instant, "w") as f:
            for t, code, data in lines[:-1]: # the last one gives the cursor back
                if code == "o" and t <= int(instant) / 1e9 + 1e-6:
                    f.write(data)
END
}

# The cast in a terminal that has nothing to do with us, against the canvas itself.
test_a_terminal_shows_what_was_drawn() {
    command -v tmux >/dev/null || { skip "tmux is not installed" && return; }
    local size at tmux
    # Frames are 1/30 s apart: the tenth shows the caption.
    local sizes="80x24 120x40 40x10 200x60" instants="333333333 500000000"
    pool a.ini '[cue.1]' 'at = 100ms' 'do = mark half-way' '[cue.2]' 'at = 333ms' \
        'say = ширина 幅 é' '[cue.3]' 'at = 400ms' 'do = set worker_pool.workers 9'
    sed -i '1a title = широкий 世界 e\xcc\x81' a.ini
    status 0 run a.ini --record a.psr
    for size in $sizes; do
        status 0 export a.psr --format cast -o $size --size $size
    done
    # shellcheck disable=SC2086
    cast_until $sizes -- $instants
    for size in $sizes; do
        # shellcheck disable=SC2086
        "$frame_at" a.psr $size $instants || problem "frame-at"
        for at in $instants; do
            sed 's/ *$//' "frame.$at" >want
            [[ -s want ]] || problem "nothing is drawn"
            # A server of its own for each: one that is ending takes no new session.
            tmux="tmux -L cast-$$-$size-$at -f /dev/null"
            $tmux new-session -d -x "${size%x*}" -y "${size#*x}" "cat $size.$at; exec sleep 600" \; \
                set -g status off \; resize-window -x "${size%x*}" -y "${size#*x}"
            for _ in {1..200}; do
                $tmux capture-pane -p >pane || break
                sed 's/ *$//' pane >seen
                cmp -s want seen && break
                sleep 0.05
            done
            same want seen
            $tmux kill-server
        done
    done
}

test_asciinema_plays_it() {
    command -v asciinema >/dev/null || { skip "asciinema is not installed" && return; }
    pool a.ini '[cue.1]' 'at = 100ms' 'do = mark half-way'
    status 0 export a.ini --format cast -o a.cast --size 80x24 --speed 10
    python3 - <<'END' || problem "asciinema does not give the same bytes"
import json, os, pty, sys, termios
want = "".join(l[2] for l in map(json.loads, open("a.cast").readlines()[1:]) if l[1] == "o")
for command in (["asciinema", "cat", "a.cast"], ["asciinema", "play", "a.cast"]):
    pid, fd = pty.fork()
    if pid == 0:
        attr = termios.tcgetattr(1)
        attr[1] &= ~termios.OPOST
        termios.tcsetattr(1, termios.TCSANOW, attr)
        os.execvp(command[0], command)
    got = b""
    while True:
        try:
            some = os.read(fd, 65536)
        except OSError:
            break
        if not some:
            break
        got += some
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    text = got.decode()
    assert status == 0, (command, status, text[-500:])
    # play may say how it is steered before it begins, and end the line after it.
    assert want in text if command[1] == "play" else text.strip("\r\n") == want.strip("\r\n"), command
END
}
