
# --- commands that end a commit ------------------------------------------------------------------

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
