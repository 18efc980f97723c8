# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# How a run ends when somebody or something ends it. A named pipe tells when it is under way: no
# test waits for time.

# begin ARGUMENTS…: a live run without end that has made its first hundred events. $pid.
begin() {
    pool a.ini
    sed -i 's/^count.*/count = 0/' a.ini
    mkfifo pipe
    env --default-signal=INT "$program" run a.ini --world live --events pipe "$@" >out 2>err &
    pid=$!
    exec 3<pipe
    head -n 100 <&3 >first
}
# finish: reads the rest; $got is the status. The shell's own word on how it ended is not wanted.
finish() {
    cat <&3 >rest
    exec 3<&-
    wait "$pid"
    got=$?
} 2>/dev/null

test_signals_close_the_recording() {
    local signal
    for signal in INT TERM HUP; do
        mkdir $signal && cd $signal || return
        # A background job of a script ignores INT; env gives it back.
        begin --record a.psr
        kill -$signal "$pid"
        finish
        is "$got" $((128 + $(kill -l $signal)))
        has rest '"why":"stopped"'
        status 0 export a.psr --format jsonl -o a.jsonl
        empty err
        is "$(tail -n 1 a.jsonl)" "$(tail -n 1 rest)"
        cd ..
    done
}

test_a_reader_that_goes_away_ends_the_run() {
    begin --record a.psr
    exec 3<&-
    wait "$pid"
    is $? $((128 + $(kill -l PIPE)))
    status 0 export a.psr --format jsonl -o a.jsonl
    empty err
}

test_kill_9_leaves_a_readable_recording() {
    begin --record a.psr
    # Half a second of scenario time later, which in live is wall time.
    while read -r line <&3; do
        [[ $line =~ ^\{\"t\":([0-9]+) ]] && ((BASH_REMATCH[1] >= 500000000)) && break
    done
    kill -9 "$pid"
    finish
    is "$got" 137
    status 0 export a.psr --format jsonl -o a.jsonl
    python3 - <<'END' || problem "more than 200 ms are missing"
import json, re
recorded = json.loads(open("a.jsonl").readlines()[-1])["t"]
told = [int(t) for t in re.findall(r'^{"t":(\d+),', open("rest").read(), re.M)] or [500000000]
assert recorded >= max(told) - 200e6, (recorded, max(told))
END
}

test_a_full_disk_stops_the_recording_only() {
    pool a.ini '[expect]' 'requests.done = 50'
    status 3 run a.ini --record /dev/full --summary s.json
    has err /dev/full full
    has s.json '"done": 50' '"passed": 1'
    # It outweighs an expectation that failed, which is told all the same.
    sed -i 's/^requests.done.*/requests.done = 7/' a.ini
    status 3 run a.ini --record /dev/full
    has err /dev/full
    has out "expected requests.done = 7, found 50"
    status 1 run a.ini
    # A limit on a file's size is a disk that fills up in the middle.
    sed -i 's/^count.*/count = 5000/; s/^requests.done.*/requests.done = 5000/' a.ini
    (
        ulimit -f 16
        "$program" run a.ini --record a.psr >out 2>err
        echo $? >code
    )
    is "$(cat code)" 3
    has err a.psr
    has out "1 held"
    status 0 export a.psr --format jsonl -o a.jsonl
    [[ $(wc -l <a.jsonl) -gt 100 ]] || problem "what was written cannot be read"
}

test_fewer_tasks_where_there_is_no_memory_for_more() {
    if [[ -n ${PATTERNSCOPE_SANITIZED:-} ]]; then
        skip "sanitizers need address space without a limit"
        return
    fi
    pool a.ini
    local limit
    for limit in 100000 300000; do
        (
            ulimit -v $limit
            "$program" run a.ini --world live --set worker_pool.workers=4000 --summary s.json 2>err
            echo $? >code
        )
        is "$(cat code)" 0
        python3 - <<'END' || problem "not as many tasks as there is room for"
import json
s = json.load(open("s.json"))
assert 20 < s["tasks"]["started"] < 4000, s["tasks"]
assert s["tasks"]["refused"] > 0 and s["requests"]["done"] == 50, s
END
    done
}

test_a_full_disk_and_other_files() {
    pool a.ini
    status 3 run a.ini --events /dev/full
    has err /dev/full
    status 3 run a.ini --summary /dev/full
    has err /dev/full
    "$program" list figures >/dev/full 2>err
    is $? 3
}
