# SPDX-License-Identifier: MIT
# fish completion: what can be named is asked from the program, so nothing here goes out of date.

function __patternscope_names
    patternscope list $argv 2>/dev/null | awk 'NF { print $1 }'
end

# The subcommand on the line, or nothing.
function __patternscope_command
    set -l words (commandline -opc)
    if set -q words[2]; and contains -- $words[2] run replay export check explore verify list
        echo $words[2]
    end
end

# "--name<TAB>help" a line, from the help of the subcommand on the line
function __patternscope_options
    patternscope (__patternscope_command) --help 2>/dev/null |
        sed -nE 's/^  (-[a-z], )?(--[a-z-]+)( [^ ]+)?  +(.*)/\2\t\4/p'
end

# What the option before the cursor wants, or nothing.
function __patternscope_argument
    set -l words (commandline -opc)
    patternscope (__patternscope_command) --help 2>/dev/null |
        sed -nE 's/^  (-[a-z], )?(--[a-z-]+) ([^ ]+).*/\2 \3/p' |
        awk -v option="$words[-1]" 'option == "-o" { option = "--output" } $1 == option { print $2 }'
end

function __patternscope_words
    set -l argument (__patternscope_argument)
    set -l command (__patternscope_command)
    set -l words (commandline -opc)
    switch "$argument"
        case FORMAT
            __patternscope_names exports
        case NAME
            __patternscope_names themes
        case KIND
            __patternscope_names diagnoses
        case 'FILE*'
            __fish_complete_path (commandline -ct)
        case '*|*'
            string split '|' -- $argument
        case '?*'
        case ''
            switch "$command"
                case list
                    if test "$words[-1]" = params
                        __patternscope_names patterns
                    else
                        __patternscope_names
                    end
                case replay verify
                    __fish_complete_suffix .psr
                case '*'
                    test -n "$command"; or test (count $words) -gt 1
                    or printf '%s\n' run replay export check explore verify list
                    __patternscope_names scenarios
                    __patternscope_names lessons
                    __fish_complete_suffix .ini
                    test "$command" = export; and __fish_complete_suffix .psr
            end
            __patternscope_options
    end
end

complete -c patternscope -f -a '(__patternscope_words)'
