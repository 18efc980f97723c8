# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# patternscope explore: statuses, what it says, what it saves.

rare() { cp "$programs/pool_rare.ini" rare.ini; }

test_it_finds_the_rare_panic_of_a_pool_that_looks_healthy() {
    rare
    status 0 run rare.ini
    status 0 explore rare.ini --until panic
    has out "rare.ini: panic with the " "th schedule tried" "seed " "producer closes results" \
        "PANIC in worker-" "send on closed channel results" "patternscope replay rare-panic.psr"
    empty err
    [[ $(wc -L <out) -le 110 ]] || problem "a line is too long"
    status 0 verify rare-panic.psr
    has out "events again"
}

test_the_answer_is_the_same_every_time() {
    rare
    status 0 explore rare.ini --until panic -o a.psr
    sed -E 's/, [0-9.]+ s$//; s/[ab]\.psr//' out >a
    status 0 explore rare.ini --until panic -o b.psr
    sed -E 's/, [0-9.]+ s$//; s/[ab]\.psr//' out >b
    same a b
    same a.psr b.psr
}

test_a_scenario_can_name_its_schedule() {
    local schedule
    pool a.ini
    status 0 run a.ini --record fifo.psr
    for schedule in random pct replay; do
        status 0 run a.ini --set scenario.schedule=$schedule --record $schedule.psr
        status 0 verify $schedule.psr
        has out "events again"
    done
    status 0 run a.ini --set scenario.schedule=replay --set 'scenario.choices=1.1>3 1.2>3 1.3>3 2.1>5' \
        --record chosen.psr
    status 0 verify chosen.psr
    for schedule in fifo replay random chosen; do
        status 0 export $schedule.psr --format jsonl -o $schedule.jsonl
    done
    same fifo.jsonl replay.jsonl
    cmp -s fifo.jsonl random.jsonl && problem "random is as fifo"
    cmp -s fifo.jsonl chosen.jsonl && problem "the choices changed nothing"
}

test_nothing_found_is_status_1() {
    pool a.ini
    status 1 explore a.ini --until panic --seeds 20
    has out "a.ini: no panic in 20 schedules"
    [[ ! -e a-panic.psr ]] || problem "a session was saved"
    status 1 explore a.ini --until deadlock --seeds 5 --policy pct --depth 2
    status 1 explore a.ini --until deadlock --seeds 5 --policy exhaustive
}

test_all_within_the_bound_is_said() {
    printf '%s\n' '[scenario]' 'pattern = worker_pool' 'procs = 1' '[traffic]' 'arrivals = eager' \
        'count = 1' '[worker_pool]' 'workers = 1' >tiny.ini
    status 1 explore tiny.ini --until panic --policy exhaustive --depth 1 --seeds 100000
    has out "Those are all with at most 1 choice against fifo, under seed 1."
}

test_bad_usage_is_status_2_and_runs_nothing() {
    rare
    status 2 explore
    has err "SCENARIO is missing"
    status 2 explore rare.ini
    has err "--until says what to look for"
    status 2 explore rare.ini --until panik
    has err "did you mean 'panic'?"
    status 2 explore rare.ini --until panic --policy dfs
    has err "must be random, pct or exhaustive"
    status 2 explore rare.ini --until panic --seeds 0
    status 2 explore rare.ini --until panic --depth 65
    status 2 explore rare.ini --until panic -o -
    has err "-o needs a file"
    status 2 explore no_such_thing --until panic
    status 2 explore rare.ini --until panic --set worker_pool.workers=0
    status 2 run rare.ini --set scenario.choices=5.3
    has err "TASK.POINT>TASK"
}

test_a_folder_that_cannot_be_written_is_status_3() {
    rare
    status 3 explore rare.ini --until panic -o no/such/folder.psr
    has err "no/such/folder.psr"
}

test_sets_and_options_are_part_of_it() {
    rare
    status 1 explore rare.ini --until panic --set worker_pool.mistake=none --seeds 60
    status 0 explore rare.ini --until panic --set "dependency.latency=const(200ms)"
    has out "1st schedule tried (fifo, seed 1)" "The seed is enough"
    status 0 verify rare-panic.psr
    status 1 explore rare.ini --until panic --set "dependency.latency=const(200ms)" --cues off \
        --for 1s --seeds 5
}
