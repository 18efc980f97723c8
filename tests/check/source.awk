# SPDX-License-Identifier: MIT
# The rules that need C read: includes, calls, function lengths. Without comments and strings.
#     awk -v rule=includes|calls|functions -f source.awk TABLE FILE…
# Prints one line for each offence. Paths begin with src/ or views/.

function module_of(path,    part) {
    split(path, part, "/")
    if (path ~ /^views\//) return "views"
    return part[3] == "" ? "app" : part[2] # src/main.c is app's
}
# The line without comments and with empty strings; remembers an open block comment.
function bare(line,    out, c, d, quote) {
    out = ""
    while (line != "") {
        c = substr(line, 1, 1); d = substr(line, 1, 2)
        if (in_comment) {
            if (d == "*/") { in_comment = 0; line = substr(line, 3) } else line = substr(line, 2)
        } else if (d == "/*") { in_comment = 1; line = substr(line, 3) }
        else if (d == "//") line = ""
        else if (c == "\"" || c == "'") {
            quote = c; line = substr(line, 2)
            while (line != "" && substr(line, 1, 1) != quote)
                line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
            line = substr(line, 2); out = out quote quote
        } else { out = out c; line = substr(line, 2) }
    }
    return out
}
function among(list, what, also,    n, word, i) {
    n = split(list, word, " ")
    for (i = 1; i <= n; i++)
        if (word[i] == "*" || word[i] == what || word[i] == also) return 1
    return 0
}
function offence(text) { print path ":" FNR ": " text }

FNR == NR { # the table
    if ($0 ~ /^#/ || $0 == "") next
    split($0, cell, "\t")
    if (rule == "calls") {
        n = split(cell[1], word, " ")
        for (i = 1; i <= n; i++) { where[word[i]] = cell[2]; why[word[i]] = cell[3] }
    } else { known[cell[1]] = 1; where[cell[1]] = cell[2] }
    next
}
FNR == 1 {
    path = FILENAME; module = module_of(path); in_comment = 0; started = 0
}
rule == "includes" && /^[ \t]*#[ \t]*include/ {
    if (match($0, /<[^>]*>/)) {
        header = substr($0, RSTART, RLENGTH)
        if (header in known && !among(where[header], module, path))
            offence(header " is not for " module)
        next
    }
    if (!match($0, /"[^"]*"/)) next
    header = substr($0, RSTART + 1, RLENGTH - 2)
    folder = header; sub(/\/.*/, "", folder)
    if (header == "config.h") { if (module != "app") offence("config.h is for app alone") }
    else if (folder == header) offence("\"" header "\" does not name its folder")
    else if (!(module in known)) offence("the table has no row for " module)
    else if (folder == "app" && module != "app") offence("nobody includes app")
    else if (folder != module && !among(where[module], folder, header))
        offence(module " may not include \"" header "\"")
    # One pattern never leans on another: only pattern.h and what carries its own name.
    else if (module == "patterns" && folder == "patterns" && header !~ /^patterns\/patterns?\./) {
        own = path; sub(/.*\//, "", own); sub(/\..*/, "", own)
        other = header; sub(/.*\//, "", other); sub(/\..*/, "", other)
        if (index(own, other) != 1 && index(other, own) != 1 && !shares(own, other) &&
            own !~ /^patterns?(_|$)/)
            offence("a pattern may not include another: \"" header "\"")
    }
}
# worker_pool_scale and worker_pool_state belong together: the first two words are the same.
function shares(a, b,    x, y) {
    split(a, x, "_"); split(b, y, "_")
    return x[1] == y[1] && x[2] == y[2]
}
rule == "calls" {
    line = bare($0)
    while (match(line, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
        name = substr(line, RSTART, RLENGTH); before = substr(line, 1, RSTART - 1)
        line = substr(line, RSTART + RLENGTH)
        sub(/[ \t]*\($/, "", name)
        if (before ~ /(\.|->)$/) continue # a member that happens to have the name
        row = name
        if (!(row in where) && name ~ /_/) { row = name; sub(/_.*/, "_*", row) }
        if ((row in where) && !among(where[row], module, path))
            offence(name "(): " why[row])
    }
}
# Functions: the body lies between a { and a } in the first column.
rule == "functions" && /^{/ { started = FNR }
rule == "functions" && /^}/ && started {
    if (FNR - started - 1 > limit)
        offence("a function of " (FNR - started - 1) " lines; " limit " are allowed")
    started = 0
}
