
# --- the lines that a commit changed: whether they stand, are saved, and go back -----------------

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
