#!/usr/bin/env bash
# Installs the distribution's packages that the lab and the virtual environment need, if any is
# missing; with the argument "tests" also what only tests need. As root it installs; otherwise it
# says the command and goes on: tests that need them are then skipped with that reason. Nothing
# that it installs is started.
set -euo pipefail

declare -A needs=(
  [vtysh]=frr [bird]=bird2 [ip]=iproute2 [sshd]=openssh-server [ssh]=openssh-client
  [unshare]=util-linux [column]=bsdextrautils
)
missing=()
for tool in "${!needs[@]}"; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "$tool" >/dev/null || missing+=("${needs[$tool]}")
done
if [ "${1:-}" = tests ]; then
  # What the ready files for CI and systemd are tried with, and the on-call pages.
  for tool in curl git jq patch strace; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  command -v systemd-analyze >/dev/null || missing+=(systemd)
  # The HTML page is looked at in a browser, and printed.
  command -v chromium >/dev/null || missing+=(chromium)
  command -v pdftotext >/dev/null || missing+=(poppler-utils)
  # Judges the metrics and the alert rules.
  command -v promtool >/dev/null || missing+=(prometheus)
  # Not in anybody's PATH. Tests run a server of their own; the machine's is never started.
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
fi
"${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "ringfence: missing: ${missing[*]}; install them with: sudo apt-get install ${missing[*]}" >&2
  exit 0
fi

echo "installing ${missing[*]}"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  # Debian starts what it installs; routing daemons of this machine's own are not wanted.
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
