# What the driver runs on the switch, in POSIX sh: "switch.sh COMMAND ARGUMENT...".
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
# present and absent (lines that the commit adds and removes), steps (those that ran), state, and for the timer: alive
# (flock'ed by it), pid, deadline (hundredths of a second of uptime).
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

# --- the lines that a commit changed -------------------------------------------------------------

# Whether the file $2 of flat lines shows the commit directory $1 as applied ("done") or not.
shows() {
    there=present gone=absent
    [ "$3" = undone ] && there=absent gone=present
    [ -z "$(comm -23 "$1/$there" "$2")" ] && [ -z "$(comm -12 "$1/$gone" "$2")" ]
}

# Run one vtysh file; the words of the device are collected in $1/words.
step() {
    [ -s "$1/$2" ] || return 0
    printf '%s\n' "$2" >>"$1/steps"
    vtysh -f "$1/$2" >"$1/said" 2>&1
    code=$?
    grep -v "^$" "$1/said" >>"$1/words"
    [ "$code" -eq 0 ] && ! grep -q '^% Configuration failed' "$1/said"
}

# Take the commit in $1 back. Succeeds when every line that it touched is as it was before.
take_back() {
    for number in 1 2 3 4; do
        step "$1" "undo-$number" || true
    done
    running "$1/now" && flat "$1/now" >"$1/now.flat" && shows "$1" "$1/now.flat" undone
}

# --- the timer -----------------------------------------------------------------------------------

timer_alive() { [ -e "$1/alive" ] && ! flock -n "$1/alive" true; }

arm() {
    setsid sh "$P/switch.sh" timer "$1" </dev/null >/dev/null 2>&1 8>&- 9>&- &
    tries=0
    while [ "$tries" -lt 100 ]; do
        if [ -s "$P/pid" ] && timer_alive "$P"; then
            kill -0 "$(first_line "$P/pid")" 2>/dev/null &&
                [ "$(first_line "$P/deadline")" = "$1" ]
            return
        fi
        tries=$((tries + 1))
        sleep 0.05 2>/dev/null || sleep 1
    done
    return 1
}

stop_timer() {
    timer_alive "$P" || return 0
    kill -s TERM -- "-$(first_line "$P/pid")" 2>/dev/null
    flock -w 5 "$P/alive" true
}

timer() {
    trap '' HUP PIPE
    exec 7>>"$P/alive"
    flock -n 7 || exit 1
    printf '%s\n' "$1" >"$P/deadline"
    printf '%s\n' "$$" >"$P/pid"
    while :; do
        rest=$(($1 - $(uptime_cs)))
        [ "$rest" -gt 0 ] || break
        sleep "$(((rest + 99) / 100))" 7>&-
    done
    tries=0
    while [ "$tries" -lt 300 ]; do
        exec 8>>"$D/act"
        flock 8
        [ -d "$P" ] && [ "$(first_line "$P/state")" = armed ] || exit 0
        if take_back "$P" 7>&-; then
            printf 'reverted by its timer at %s\n' "$(now_text)" >"$P/state"
            record "reverted by its timer: $(first_line "$P/note")"
            finish reverted
            exit 0
        fi
        exec 8>&-
        tries=$((tries + 1))
        sleep 2 7>&-
    done
    record "could not be reverted by its timer: $(first_line "$P/note")"
}

# --- commands ------------------------------------------------------------------------------------

# lock TOKEN LEASE NOTE: hold the candidate lock until standard input ends, LEASE seconds at most.
do_lock() {
    prepare
    exec 9>>"$D/lock"
    flock -n 9 || fail 10 "the candidate is locked by $(sed -n 2p "$D/holder")"
    exec 8>>"$D/act"
    flock 8
    busy_with_pending && fail 11 "$(describe_pending)"
    exec 8>&-
    printf '%s\n%s since %s\n' "$1" "$3" "$(now_text)" >"$D/holder"
    echo locked
    exec timeout "$2" cat >/dev/null
}

# load DIRECTORY: check the syntax of DIRECTORY/candidate and print the running configuration.
do_load() {
    vtysh -C -f "$1/candidate" >"$1/said" 2>&1
    code=$?
    if [ "$code" -ne 0 ] || grep -q '^line [0-9]*:' "$1/said"; then
        grep '^line [0-9]*:' "$1/said" >"$1/lines" || cp "$1/said" "$1/lines"
        fail 20 "$(cat "$1/lines")"
    fi
    running "$1/now" || fail 21 "vtysh gave no running configuration: $(cat "$1/now.err")"
    cat "$1/now"
}

# commit DIRECTORY TOKEN SECONDS: apply what lies in DIRECTORY; SECONDS is 0 for no timer.
do_commit() {
    trap '' HUP PIPE
    prepare
    [ "$(first_line "$D/holder")" = "$2" ] && ! flock -n "$D/lock" true ||
        fail 10 "the candidate lock was lost: load the candidate again"
    exec 8>>"$D/act"
    flock 8
    busy_with_pending && fail 11 "$(describe_pending)"
    running "$1/now" || fail 21 "vtysh gave no running configuration: $(cat "$1/now.err")"
    cmp -s "$1/now" "$1/base" ||
        fail 12 "the running configuration changed since the candidate was loaded"
    # Both ways must be words that vtysh knows, before the first of them is sent.
    cat "$1"/step-? "$1"/undo-? >"$1/words-of-both"
    vtysh -C -f "$1/words-of-both" >"$1/said" 2>&1 ||
        fail 20 "nothing was changed, as vtysh does not know these commands: $(cat "$1/said")"
    boot_id >"$1/boot"
    printf 'applying\n' >"$1/state"
    mv "$1" "$P"
    : >"$P/words"
    if [ "$3" -gt 0 ]; then
        printf 'armed\n' >"$P/state"
        if ! arm "$(($(uptime_cs) + $3 * 100))"; then
            stop_timer
            finish reverted
            fail 17 "the revert timer could not be armed, so nothing was changed"
        fi
    fi
    apply || undo_failed_commit
    record "committed: $(first_line "$P/note")"
    if [ "$3" -eq 0 ]; then
        save
        finish last
    fi
}

apply() {
    step "$P" step-1 || return 1
    if [ -s "$P/define" ]; then
        running "$P/now" && flat "$P/now" >"$P/now.flat" || return 1
        comm -23 "$P/define" "$P/now.flat" >"$P/missing"
        if [ -s "$P/missing" ]; then
            sed 's/^/not taken over: /' "$P/missing" >>"$P/words"
            return 1
        fi
    fi
    step "$P" step-2 && step "$P" step-3 && step "$P" step-4 || return 1
    running "$P/now" && flat "$P/now" >"$P/now.flat" || return 1
    cmp -s "$P/now.flat" "$P/expected" && return 0
    comm -23 "$P/expected" "$P/now.flat" | sed 's/^/not taken over: /' >>"$P/words"
    comm -13 "$P/expected" "$P/now.flat" | sed 's/^/not expected: /' >>"$P/words"
    return 1
}

undo_failed_commit() {
    cp "$P/words" "$P/reason"
    reason=$(tr '\t' ' ' <"$P/reason" | head -n 40)
    take_back "$P" || true
    flat "$P/base" >"$P/base.flat"
    if ! cmp -s "$P/now.flat" "$P/base.flat"; then
        # FRR took more away than it was told to, such as the members of a peer group: all that was
        # there a moment ago is said again, which changes nothing where it still stands.
        step "$P" base || true
        running "$P/now" && flat "$P/now" >"$P/now.flat"
    fi
    if cmp -s "$P/now.flat" "$P/base.flat"; then
        stop_timer
        state='everything is back'
        cmp -s "$P/now" "$P/base" || state='everything is back, if printed in another order'
        printf 'refused: %s\n' "$state" >"$P/state"
        record "refused by the device: $(first_line "$P/note")"
        finish reverted
        fail 13 "the device did not take the change, and $state; in its words: $reason"
    fi
    record "refused by the device and not undone: $(first_line "$P/note")"
    fail 14 "the device did not take the change, and it could not be undone" \
        "(it stays pending; when all is well again, remove $P); in its words: $reason"
}

save() {
    vtysh -c 'write memory' >"$P/said" 2>&1
    if grep -q 'saved to /etc/frr/frr.conf' "$P/said" && [ -r /etc/frr/frr.conf ]; then
        # One file for all daemons: what stands in it counts. An account that may not change the
        # owner of the file gets a warning for it, and no [OK].
        flat /etc/frr/frr.conf >"$P/saved"
        shows "$P" "$P/saved" 'done' ||
            fail 19 "the change is running but the saved configuration does not hold it"
    elif ! grep -q '^\[OK\]' "$P/said"; then
        fail 19 "the change is running but could not be saved: $(tr '\n' ' ' <"$P/said")"
    fi
}

need_pending() {
    busy_with_pending && return 0
    case $(first_line "$D/reverted/state") in
    '') fail 15 'no commit is pending' ;;
    *) fail 16 "no commit is pending: the last one was $(first_line "$D/reverted/state")" ;;
    esac
}

do_confirm() {
    trap '' HUP PIPE
    prepare
    exec 8>>"$D/act"
    flock 8
    need_pending
    case $(first_line "$P/state") in
    armed)
        timer_alive "$P" || fail 16 'the revert timer was stopped by somebody: roll back'
        [ "$(uptime_cs)" -lt "$(first_line "$P/deadline")" ] ||
            fail 16 'the time to confirm is over: the commit is being reverted'
        running "$P/now" || fail 21 "vtysh gave no running configuration: $(cat "$P/now.err")"
        flat "$P/now" >"$P/now.flat"
        shows "$P" "$P/now.flat" 'done' ||
            fail 12 'what was committed is no longer there as it was: not confirmed'
        stop_timer || fail 17 'the revert timer could not be stopped: not confirmed'
        printf 'confirmed\n' >"$P/state"
        ;;
    confirmed) ;; # stopped between the timer and the save: go on from there
    *) fail 16 'the pending commit was interrupted half way: roll it back' ;;
    esac
    save
    record "confirmed: $(first_line "$P/note")"
    finish last
}

do_rollback() {
    trap '' HUP PIPE
    prepare
    exec 8>>"$D/act"
    flock 8
    if busy_with_pending; then
        was=$(first_line "$P/state")
        stop_timer || fail 17 'the revert timer could not be stopped: it will revert by itself'
        : >"$P/words"
        take_back "$P" || fail 14 "not everything could be taken back: $(cat "$P/words")"
        [ "$was" = confirmed ] && { swap; save; swap; }
    elif [ "${1:-}" = pending ]; then
        fail 15 'no commit is pending'
    elif [ -d "$D/last" ]; then
        running "$D/last/now" || fail 21 "vtysh gave no running configuration"
        flat "$D/last/now" >"$D/last/now.flat"
        shows "$D/last" "$D/last/now.flat" 'done' ||
            fail 12 'what the last commit changed was changed again since: nothing was undone'
        boot_id >"$D/last/boot"
        mv "$D/last" "$P"
        : >"$P/words"
        take_back "$P" || fail 14 "not everything could be taken back: $(cat "$P/words")"
        swap
        save
    else
        fail 15 'this driver has made no commit that could be undone'
    fi
    printf 'rolled back at %s\n' "$(now_text)" >"$P/state"
    record "rolled back: $(first_line "$P/note")"
    finish reverted
}

# After a rollback the saved configuration must show the undone state.
swap() {
    mv "$P/present" "$P/swap" && mv "$P/absent" "$P/present" && mv "$P/swap" "$P/absent"
}

do_pending() {
    prepare
    exec 8>>"$D/act"
    flock 8
    if busy_with_pending; then describe_pending; else exit 15; fi
}

command=$1
shift
case $command in
lock | load | commit | confirm | rollback | pending) "do_$command" "$@" ;;
timer) timer "$@" ;;
*) fail 2 "unknown command $command" ;;
esac
