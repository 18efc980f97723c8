# SPDX-License-Identifier: MIT
# fish completion: what can be named is asked from the program, so nothing here goes out of date.
function __patternscope_names
    patternscope list $argv 2>/dev/null | awk 'NF { print $1 }'
end
set -l commands run replay export check verify list
complete -c patternscope -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c patternscope -n "not __fish_seen_subcommand_from replay verify list" \
    -a "(__patternscope_names scenarios; __patternscope_names lessons)"
complete -c patternscope -n "__fish_seen_subcommand_from list" -f \
    -a "patterns params panels keys commands events figures diagnoses exports presets scenarios lessons themes"
complete -c patternscope -n "__fish_seen_subcommand_from params" -f -a "(__patternscope_names patterns)"
complete -c patternscope -n "__fish_seen_subcommand_from export" -l format -x -a "(__patternscope_names exports)"
complete -c patternscope -n "__fish_seen_subcommand_from export" -s o -r
complete -c patternscope -n "__fish_seen_subcommand_from export" -l theme -x -a "(__patternscope_names themes)"
complete -c patternscope -l for -x -d "End after so much scenario time"
complete -c patternscope -l seed -x -d "Seed of all random streams"
complete -c patternscope -l world -x -a "sim live" -d "The world to run in"
complete -c patternscope -l speed -x -d "Scenario seconds per wall second"
complete -c patternscope -l set -x -d "SECTION.KEY=VALUE: wins over the file"
complete -c patternscope -l record -r -d "Record the session"
complete -c patternscope -l events -r -d "Write JSON Lines"
complete -c patternscope -l summary -r -d "Write the summary as JSON"
complete -c patternscope -l cues -x -a "on off" -d "Whether cues act"
complete -c patternscope -l json -d "As JSON"
complete -c patternscope -l help -d "How to use it"
complete -c patternscope -l version -d "The version"
