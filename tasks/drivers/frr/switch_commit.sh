
# --- commands that make a commit -----------------------------------------------------------------

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
