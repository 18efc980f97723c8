#!/bin/sh
# SPDX-License-Identifier: MIT
# count.sh on logs that must count and logs that must fail, as TAP.
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
number=0
echo "1..8"
expect() { # expect NAME LAST-LINE STATUS; the log is on standard input
    cat >"$log"
    said=$("$here/count.sh" "$log")
    status=$?
    number=$((number + 1))
    if [ "$(echo "$said" | tail -n 1)" = "$2" ] && [ $status = "$3" ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        echo "$said" | sed 's/^/# /'
    fi
}
expect "cases and programs" "3 passed, 0 failed" 0 <<'END'
{"name": "a", "stdout": "TAP version 13\n1..2\nok - x\nok - y\n", "result": "OK", "returncode": 0}
{"name": "b", "stdout": "ok\nnot ok, but no TAP", "result": "OK", "returncode": 0}
END
expect "a failed case" "1 passed, 1 failed" 1 <<'END'
{"name": "a", "stdout": "TAP version 13\n1..2\nok - x\nnot ok - y\n", "result": "FAIL", "returncode": 0}
END
expect "a TAP program without cases" "0 passed, 1 failed" 1 <<'END'
{"name": "a", "stdout": "TAP version 13\n1..0\n", "result": "OK", "returncode": 0}
END
expect "one that dies after its last case" "1 passed, 1 failed" 1 <<'END'
{"name": "a", "stdout": "TAP version 13\n1..2\nok - x\n", "result": "ERROR", "returncode": 134}
END
expect "one that hangs" "0 passed, 1 failed" 1 <<'END'
{"name": "a", "stdout": "", "result": "TIMEOUT", "returncode": -15}
END
expect "skipped cases do not count" "1 passed, 0 failed" 0 <<'END'
{"name": "a", "stdout": "TAP version 13\n1..2\nok - x\nok - y # SKIP\n", "result": "OK", "returncode": 0}
END
# What went wrong is shown, and nothing of what stands behind it in the log (the environment).
cat >"$log" <<'END'
{"name": "a", "stdout": "TAP version 13\n1..1\nnot ok - x\n  ---\n  - f.c:7: |+\n", "result": "FAIL", "env": {"A": "secret"}}
END
said=$("$here/count.sh" "$log")
number=$((number + 1))
case $said in
*secret*) echo "not ok $number - a failure is explained" ;;
*f.c:7*) echo "ok $number - a failure is explained" ;;
*) echo "not ok $number - a failure is explained" ;;
esac
expect "an empty log" "0 passed, 1 failed" 1 </dev/null
