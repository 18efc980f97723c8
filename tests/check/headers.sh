#!/bin/sh
# SPDX-License-Identifier: MIT
# Each header compiles alone, as TAP: headers.sh ROOT BUILD COMPILER…
set -u
root=$1 build=$2
shift 2
cd "$root" || exit 1
headers=$(find src views -name '*.h' | sort)
echo "TAP version 13"
echo "1..$(echo "$headers" | wc -l)"
number=0
for header in $headers; do
    number=$((number + 1))
    if said=$("$@" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused -fsyntax-only -I. -Isrc \
        -I"$build" -x c "$header" 2>&1); then
        echo "ok $number - $header"
    else
        echo "not ok $number - $header"
        echo "$said" | head -n 20 | sed 's/^/# /'
    fi
done
