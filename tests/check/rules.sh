#!/bin/sh
# SPDX-License-Identifier: MIT
# The rules of the sources, as TAP: rules.sh [ROOT]. Each rule is a function that prints offences;
# for each there is also a planted offence in a tree of its own, which it must find.
set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "${1:-$here/../..}" && pwd)
number=0

# Sources in the tree of the current directory, without what was built or is git's own.
files() { # files PATTERN…
    for pattern in "$@"; do
        find . \( -name .git -o -name 'build*' -type d -o -name .cache \) -prune -o \
            -type f -name "$pattern" -print
    done | sed 's,^\./,,' | sort
}
modules() { files '*.c' '*.h' | grep -E '^(src|views)/'; }
# xargs would start awk with no file at all, and that reads standard input.
source_rule() { # source_rule RULE TABLE [LIMIT]
    modules >"$scratch/list"
    [ -s "$scratch/list" ] || { echo "no sources"; return; }
    xargs awk -v rule="$1" -v limit="${3:-0}" -f "$here/source.awk" "$2" <"$scratch/list"
}

rule_includes() { source_rule includes "$here/includes.tsv"; }
rule_calls() { source_rule calls "$here/calls.tsv"; }
rule_functions() { source_rule functions "$here/includes.tsv" 80; }

rule_file_length() {
    files '*.c' '*.h' | xargs wc -l /dev/null |
        awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines; 600 are allowed" }'
}

rule_licence_line() {
    files '*.c' '*.h' '*.def' '*.sh' '*.awk' meson.build meson_options.txt >"$scratch/list"
    xargs grep -nm1 'SPDX-License-Identifier: MIT' /dev/null <"$scratch/list" |
        awk -F: '$2 <= 2 { print $1 }' >"$scratch/licensed"
    grep -vxFf "$scratch/licensed" "$scratch/list" |
        sed 's/$/:1: the first line is not SPDX-License-Identifier: MIT/'
}

# The words stand here in pieces, or this file would be the first offender.
rule_no_workplace() {
    files '*' | tr '\n' '\0' |
        xargs -0 grep -nIE "(^|[^A-Za-z0-9_.])/""work(/|[^a-z_/]|\$)|\.\./""shared" /dev/null |
        cut -c1-160
}
rule_nothing_left_to_do() {
    files '*.c' '*.h' '*.def' '*.sh' '*.awk' '*.ini' | tr '\n' '\0' |
        xargs -0 grep -nE "\b(TO""DO|FIX""ME|XX""X)\b" /dev/null
}

# A lesson that makes a mistake has its repaired twin, and both say what to expect.
rule_lesson_pairs() {
    [ -d configs/lessons ] || return
    find configs/lessons -name '*.ini' | sort | while read -r f; do
        grep -q '^[[:space:]]*\[expect\]' "$f" || echo "$f: no [expect]"
        case $f in
        *.fixed.ini)
            [ -e "${f%.fixed.ini}.ini" ] || echo "$f: repairs nothing: no ${f%.fixed.ini}.ini"
            grep -qE '^[[:space:]]*mistake[[:space:]]*=[[:space:]]*M[0-9]' "$f" &&
                echo "$f: repaired, but makes the mistake"
            ;;
        *)
            if grep -qE '^[[:space:]]*mistake[[:space:]]*=[[:space:]]*M[0-9]' "$f"; then
                [ -e "${f%.ini}.fixed.ini" ] || echo "$f: no twin ${f%.ini}.fixed.ini"
            fi
            ;;
        esac
    done
}

# A row names a file, and a file of such a folder that defines the record has a row.
rule_rows_and_files() {
    while read -r def folder macro symbol; do
        [ -e "$def" ] || continue
        sed -n "s/^$macro(\([a-z0-9_]*\).*/\1/p" "$def" >"$scratch/rows"
        while read -r name; do
            [ -e "$folder/$name.c" ] || echo "$def: row $name, but no $folder/$name.c"
        done <"$scratch/rows"
        sort "$scratch/rows" | uniq -d | sed "s,^,$def: two rows ,"
        cat "$folder"/*.c /dev/null 2>/dev/null |
            sed -n "s/^const struct [a-z_]* ${symbol}_\([a-z0-9_]*\) = {.*/\1/p" |
            while read -r name; do
                [ ! -e "$folder/$name.c" ] || grep -qx "$name" "$scratch/rows" ||
                    echo "$folder/$name.c: no row in $def"
            done
    done <<END
src/patterns/patterns.def src/patterns PATTERN pattern
views/views.def views VIEW view
src/detect/detectors.def src/detect DETECTOR detector
src/export/exports.def src/export EXPORT exporter
src/policies/limiters.def src/policies LIMITER limiter
END
}

# What a diagnosis says goes through _(). Words beside it: names and helps of tables, whose marks are
# made for them (./dev pot).
rule_words_of_diagnoses() {
    files '*.c' | grep '^src/detect/' | grep -v '/diagnoses\.c$' | while read -r f; do
        tr '\n' ' ' <"$f" | sed -E '
            s,/\*([^*]|\*+[^*/])*\*+/,,g
            s/#include *"[^"]*"//g; s/_Static_assert\([^;]*;//g
            s/((\b_|\bN_)\(|\bP_\("[^"]*", *|\.help = *|\.name = *)("[^"]*" *)+//g' |
            grep -oE '"[^"]*"' | sed -E 's/%[-0-9.*]*(ll|z)?[a-z]//g' | grep '[A-Za-z]' |
            sed "s,^,$f: not in _(): ,"
    done
}

# src/README.md shows includes.tsv, between two marks.
include_table() {
    echo '| module | may include |'
    echo '|---|---|'
    awk -F '\t' '/^#/ { next } /^</ { exit }
        { gsub(/ /, ", ", $2); sub(/^\*$/, "everything", $2)
          print "| " $1 " | " ($2 == "" ? "–" : $2) " |" }' "$here/includes.tsv"
}
rule_readme_includes() {
    include_table >"$scratch/wanted"
    sed -n '/^<!-- includes -->$/,/^<!-- .includes -->$/{/^<!--/d;p}' src/README.md >"$scratch/shown"
    diff "$scratch/shown" "$scratch/wanted" | sed -n 's,^>,src/README.md should say:,p
        s,^<,src/README.md says:,p'
}
# Every file stands in its folder's table of src/README.md, and what stands there exists.
# shellcheck disable=SC2016
rule_source_map() {
    sed -n '/^### /{s,^### ,,;s,$,/,;h;}
        /^| `/{s/^| //;s/ |.*//;s/`//g;G;s,\n, ,;p;}' src/README.md |
        awk '{ for (i = 1; i < NF; i++) print $NF $i }' | sort >"$scratch/map"
    files '*.c' '*.h' '*.def' | grep -E '^(src|views)/' | sed 's,\.[a-z]*$,,' | sort -u >"$scratch/stems"
    awk -v map="$scratch/map" 'BEGIN {
        while ((getline line <map) > 0) {
            row[++n] = line; regex = line
            gsub(/[.]/, "[.]", regex); gsub(/\*/, "[^/]*", regex); re[n] = "^" regex "$"
        }
    }
    {
        found = 0
        for (i = 1; i <= n; i++) if ($0 ~ re[i]) { used[i] = 1; found = 1 }
        if (!found) print $0 ": not in the source map of src/README.md"
    }
    END { for (i = 1; i <= n; i++) if (row[i] ~ /^(src|views)\// && !used[i])
        print "src/README.md: there is no " row[i] }' "$scratch/stems"
}

# ---- planted offences: each writes one into the empty tree it stands in ---------------------

plant_includes() { printf '#include "runtime/rt.h"\n' >views/x.c; }
plant_calls() { printf 'int f(void)\n{\n    return rand();\n}\n' >src/patterns/x.c; }
plant_functions() {
    { printf 'void f(void)\n{\n'; yes ';' | head -n 90; printf '}\n'; } >views/x.c
}
plant_file_length() { yes ';' | head -n 601 >views/x.c; }
plant_licence_line() { printf 'int x;\n' >views/x.c; }
plant_no_workplace() { printf 'see /%s/main\n' work >README.md; }
plant_nothing_left_to_do() { printf '/* %s: later */\n' "TO""DO" >views/x.c; }
plant_lesson_pairs() { printf '[w]\nmistake = M1\n[expect]\n' >configs/lessons/T1.M1-x.ini; }
plant_rows_and_files() { printf 'PATTERN(gone)\n' >src/patterns/patterns.def; }

plant_words_of_diagnoses() {
    mkdir src/detect
    printf 'str_add(o, _("a") "b", N_("c"\n"d")); str_addf(o, "%%s waits", x);' >src/detect/x.c
}
plant_readme_includes() { printf '<!-- includes -->\n<!-- /includes -->\n' >src/README.md; }
# shellcheck disable=SC2016
plant_source_map() { printf '### src\n| `gone` | what |\n' >src/README.md; }

tap() { # tap OK? NAME
    number=$((number + 1))
    if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; fi
}

rules=$(sed -n 's/^rule_\([a-z_]*\)().*/\1/p' "$here/rules.sh")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo "TAP version 13"
echo "1..$(($(echo "$rules" | wc -l) * 2))"
for rule in $rules; do
    cd "$root" || exit 1
    found=$("rule_$rule")
    [ -z "$found" ]
    tap $? "$rule"
    [ -z "$found" ] || echo "$found" | head -n 40 | sed 's/^/# /'

    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/src/patterns" "$scratch/tree/views" "$scratch/tree/configs/lessons"
    cd "$scratch/tree" || exit 1
    "plant_$rule"
    [ -n "$("rule_$rule")" ]
    tap $? "$rule finds a planted offence"
done
