# SPDX-License-Identifier: MIT
# bash completion: what can be named is asked from the program, so nothing here goes out of date.
_patternscope_names() { # _patternscope_names WHAT…: the first word of each line
    patternscope list "$@" 2>/dev/null | awk 'NF { print $1 }'
}

_patternscope() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local options='--for --seed --world --speed --set --record --events --summary --cues --help'
    COMPREPLY=()
    case $prev in
    --world) mapfile -t COMPREPLY < <(compgen -W 'sim live' -- "$cur"); return ;;
    --cues) mapfile -t COMPREPLY < <(compgen -W 'on off' -- "$cur"); return ;;
    --format) mapfile -t COMPREPLY < <(compgen -W "$(_patternscope_names exports)" -- "$cur"); return ;;
    --theme) mapfile -t COMPREPLY < <(compgen -W "$(_patternscope_names themes)" -- "$cur"); return ;;
    --record | --events | --summary | -o) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --for | --seed | --speed | --set | --size | --from | --to) return ;;
    esac
    if [[ $COMP_CWORD -eq 1 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "run replay export check verify list --help --version
            $(_patternscope_names scenarios) $(_patternscope_names lessons)" -- "$cur"
            compgen -f -X '!*.ini' -- "$cur")
        return
    fi
    if [[ $cur = -* ]]; then
        case $command in
        export) options='--format -o --size --from --to --speed --theme --help' ;;
        list) options='--json --help' ;;
        replay | check | verify) options='--help' ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
        return
    fi
    case $command in
    replay | verify)
        mapfile -t COMPREPLY < <(compgen -f -X '!*.psr' -- "$cur"; compgen -d -- "$cur")
        ;;
    list)
        if [[ $prev = params ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$(_patternscope_names patterns)" -- "$cur")
        else
            mapfile -t COMPREPLY < <(compgen -W 'patterns params panels keys commands events figures
                diagnoses exports presets scenarios lessons themes' -- "$cur")
        fi
        ;;
    run | check | export)
        mapfile -t COMPREPLY < <(compgen -W "$(_patternscope_names scenarios)
            $(_patternscope_names lessons)" -- "$cur"
            compgen -f -X '!*.ini' -- "$cur"
            [[ $command != export ]] || compgen -f -X '!*.psr' -- "$cur"
            compgen -d -- "$cur")
        ;;
    esac
}
complete -o filenames -F _patternscope patternscope
