# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Casts in other people's programs.

# What a cast has written by an instant, for a terminal.
cast_until() { # cast_until CAST SECONDS
    python3 - "$@" <<'END'
import json, sys
for line in open(sys.argv[1]).readlines()[1:]:
    t, code, data = json.loads(line)
    if t > float(sys.argv[2]) + 1e-6:
        break
    if code == "o" and not data.endswith("\x1b[?25h\r\n"):
        sys.stdout.write(data)
END
}

# The cast in a terminal that has nothing to do with us, against the canvas itself.
test_a_terminal_shows_what_was_drawn() {
    command -v tmux >/dev/null || { skip "tmux is not installed" && return; }
    local size at k tmux="tmux -L cast-$$ -f /dev/null"
    pool a.ini '[cue.1]' 'at = 100ms' 'do = mark half-way' '[cue.2]' 'at = 333ms' \
        'say = ширина 幅 é' '[cue.3]' 'at = 400ms' 'do = set worker_pool.workers 9'
    sed -i '1a title = широкий 世界 e\xcc\x81' a.ini
    status 0 run a.ini --record a.psr
    for size in 80x24 120x40 40x10 200x60; do
        status 0 export a.psr --format cast -o a.cast --size $size
        # Frames are 1/30 s apart: the third shows the first mark, the tenth the caption.
        for k in 3 10 15; do
            at=$((k * 1000000000 / 30))
            "$frame_at" a.psr $size $at || problem "frame-at"
            cast_until a.cast "$(python3 -c "print($at / 1e9)")" >bytes
            $tmux new-session -d -x "${size%x*}" -y "${size#*x}" "cat bytes; exec sleep 600" \; \
                set -g status off \; resize-window -x "${size%x*}" -y "${size#*x}"
            for _ in {1..200}; do
                $tmux capture-pane -p | sed 's/ *$//' >seen
                sed 's/ *$//' "frame.$at" | cmp -s seen - && break
                sleep 0.05
            done
            sed 's/ *$//' "frame.$at" >want
            same want seen
            $tmux kill-server
        done
    done
}

test_asciinema_plays_it() {
    command -v asciinema >/dev/null || { skip "asciinema is not installed" && return; }
    pool a.ini '[cue.1]' 'at = 100ms' 'do = mark half-way'
    status 0 export a.ini --format cast -o a.cast --size 80x24 --speed 10
    cast_until a.cast 1000 >want
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
