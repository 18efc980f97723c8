# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Keys of the running pool, each by what it does.

test_arrows_change_the_number_of_workers() {
    pool a.ini
    start a.ini
    sees "worker-4"
    keys Down
    sees "worker_pool.workers = 4"
    keys Right
    sees "worker_pool.workers = 5" "workers 5/5"
    keys Left Left
    sees "worker_pool.workers = 3"
    sees "workers 3/3"
    keys q
    ends 0
}
