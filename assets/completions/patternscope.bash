# SPDX-License-Identifier: MIT
# bash completion: what can be named is asked from the program, so nothing here goes out of date.

_patternscope_names() { # _patternscope_names WHAT…: the first word of each line
    patternscope list "$@" 2>/dev/null | awk 'NF { print $1 }'
}

# _patternscope_options COMMAND: "--name ARGUMENT" a line, from its help
_patternscope_options() {
    patternscope ${1:+"$1"} --help 2>/dev/null | sed -nE 's/^  (-[a-z], )?(--[a-z-]+( [^ ]+)?).*/\2/p'
}

_patternscope_words() { # _patternscope_words CURRENT WORDS…
    local current=$1
    shift
    mapfile -t COMPREPLY < <(compgen -W "$*" -- "$current")
}

_patternscope_files() { # _patternscope_files CURRENT PATTERN…: files of these kinds, and folders
    local current=$1 pattern
    shift
    while read -r pattern; do COMPREPLY+=("$pattern"); done < <(
        for pattern in "$@"; do compgen -f -X "!$pattern" -- "$current"; done
        compgen -d -- "$current")
}

# What the option before the cursor wants; 1: nothing, it is no option with an argument.
_patternscope_argument() { # _patternscope_argument CURRENT OPTION COMMAND
    local argument
    [[ $2 = -* ]] || return
    argument=$(_patternscope_options "$3" | awk -v option="${2/#-o/--output}" '$1 == option { print $2 }')
    case $argument in
    '') return 1 ;;
    FORMAT) _patternscope_words "$1" "$(_patternscope_names exports)" ;;
    NAME) _patternscope_words "$1" "$(_patternscope_names themes)" ;;
    KIND) _patternscope_words "$1" "$(_patternscope_names diagnoses)" ;;
    FILE*) _patternscope_files "$1" '*' ;;
    *'|'*) _patternscope_words "$1" "${argument//|/ }" ;;
    esac
}

_patternscope() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=''
    COMPREPLY=()
    case ${COMP_WORDS[1]} in
    run | replay | export | check | explore | verify | list) [[ $COMP_CWORD -eq 1 ]] || command=${COMP_WORDS[1]} ;;
    esac
    _patternscope_argument "$current" "$before" "$command" && return
    if [[ $current = -* ]]; then
        _patternscope_words "$current" "$(_patternscope_options "$command" | awk '{ print $1 }')"
        return
    fi
    case $command in
    replay | verify) _patternscope_files "$current" '*.psr' ;;
    list)
        if [[ $before = params ]]; then
            _patternscope_words "$current" "$(_patternscope_names patterns)"
        else
            _patternscope_words "$current" "$(_patternscope_names)"
        fi
        ;;
    *)
        local words
        words="$(_patternscope_names scenarios) $(_patternscope_names lessons)"
        [[ $COMP_CWORD -gt 1 ]] || words+=' run replay export check explore verify list'
        _patternscope_words "$current" "$words"
        _patternscope_files "$current" '*.ini'
        [[ $command != export ]] || _patternscope_files "$current" '*.psr'
        ;;
    esac
}
complete -o filenames -F _patternscope patternscope
