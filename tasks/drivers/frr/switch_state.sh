# What the driver runs on the switch, in POSIX sh: "switch.sh COMMAND ARGUMENT...". There it is one
# file; here it is in four, joined as they follow: the state on the switch (this one), what a commit
# changed (switch_change.sh), the commands that make one (switch_commit.sh) and those that end it
# (switch_ending.sh).
#
# State lives in one private directory (mode 0700) of the account that vtysh runs as:
#   lock      flock'ed by whoever has a candidate loaded; ends with the SSH channel that holds it
#   holder    who that is: a token on the first line, a readable note on the second
#   act       flock'ed while a commit, confirm or rollback runs, or the timer fires
#   pending/  the commit in progress or waiting for its confirmation
#   last/     the last commit that was kept: what rollback undoes
#   reverted/ the last one that was taken back
#   history   one line per event
# A commit directory holds: base (running text before), step-N and undo-N (vtysh files), define
# (list lines that must be there after step 1), expected (the whole intended configuration),
# present and absent (lines that the commit adds and removes), steps (those that ran), state, and
# for the timer: alive (flock'ed by it), pid, deadline (hundredths of a second of uptime).
#
# Exit codes: see Outcome in switch.py. Standard error holds one sentence, and the device's words.

set -u
umask 077
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
D=/var/tmp/napalm-frr
P=$D/pending

say() { printf '%s\n' "$*" >&2; }
fail() { code=$1; shift; say "$*"; exit "$code"; }
now_text() { date -u '+%Y-%m-%d %H:%M:%S UTC'; }
boot_id() { cat /proc/sys/kernel/random/boot_id; }
record() { printf '%s %s\n' "$(now_text)" "$*" >>"$D/history"; }
first_line() { sed -n 1p "$1" 2>/dev/null; }

# Hundredths of a second since boot: steps of the clock do not move it.
uptime_cs() {
    read -r up _ </proc/uptime
    up=$(printf '%s' "${up%.*}${up#*.}" | sed 's/^0*//')
    printf '%s' "${up:-0}"
}

running() {
    vtysh -c 'show running-config no-header' 2>"$1.err" >"$1" && [ -s "$1" ]
}

# A configuration as sorted lines, each behind the lines that it stands under (config_tree.flatten).
flat() {
    awk '{
        sub(/[ \t\r]+$/, "")
        if ($0 == "") next
        match($0, /^ */)
        indent = RLENGTH
        line = substr($0, indent + 1)
        if (line ~ /^[!#]/ || line ~ /^(end|quit|exit|exit-[a-z0-9-]+)$/) next
        if (line ~ /^(Building configuration|Current configur)/) next
        while (depth > 0 && indents[depth] >= indent) depth--
        depth++
        indents[depth] = indent
        paths[depth] = (depth > 1 ? paths[depth - 1] "\t" : "") line
        print paths[depth]
    }' "$1" | sort
}

prepare() {
    mkdir -m 700 "$D" 2>/dev/null
    if [ -L "$D" ] || [ ! -d "$D" ] || [ ! -O "$D" ]; then
        fail 18 "the state directory $D belongs to another account of the switch:" \
            "use that one, or the option sudo, so that every candidate is seen"
    fi
}

busy_with_pending() {
    [ -d "$P" ] || return 1
    [ "$(first_line "$P/boot")" = "$(boot_id)" ] && return 0
    # The switch restarted: the trial was never saved, so it is gone, and its timer with it.
    record "lost in a restart: $(first_line "$P/note")"
    printf 'lost in a restart of the switch\n' >"$P/state"
    finish reverted
    return 1
}

describe_pending() {
    printf 'a commit of %s is pending' "$(first_line "$P/note")"
    if [ -s "$P/deadline" ]; then
        printf ', and reverts in %s s' "$((($(first_line "$P/deadline") - $(uptime_cs)) / 100))"
    else
        printf ', interrupted half way: roll it back'
    fi
}

finish() {
    rm -rf "${D:?}/$1"
    mv "$P" "$D/$1"
}
