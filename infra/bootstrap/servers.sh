#!/usr/bin/env bash
# PostgreSQL 15 and RabbitMQ 3.10: the machine's own, else installed (root), else
# unpacked under .state/servers (anybody). Starts nothing, leaves nothing running.
#
# KREDIT_SERVERS=unpacked takes the last way even where servers are installed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
packages=$root/infra/packages.txt
home=$root/.state/servers
postgres=usr/lib/postgresql/15/bin/postgres
rabbitmq=usr/lib/rabbitmq/bin/rabbitmq-server

say() { printf 'servers: %s\n' "$*"; }
give_up() { printf 'servers: %s\n' "$@" >&2; exit 1; }

have() { [ -x "$1/$postgres" ] && [ -x "$1/$rabbitmq" ] && [ -x "$1/usr/bin/epmd" ]; }

# --- installed by apt --------------------------------------------------------------

install_packages() {
  local policy=/usr/sbin/policy-rc.d saved='' before
  export DEBIAN_FRONTEND=noninteractive
  say 'installing PostgreSQL and RabbitMQ (about 20 s)'
  # apt would start both on their public ports: forbid it for as long as this takes.
  if [ -e "$policy" ]; then saved=$(mktemp); cp -p "$policy" "$saved"; fi
  before=$(system_epmds)
  restore() {
    if [ -n "$saved" ]; then mv "$saved" "$policy"; else rm -f "$policy"; fi
  }
  trap restore EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  apt-get update -qq </dev/null
  # The server packages only: their dependencies follow by themselves.
  apt-get install -y -qq --no-install-recommends postgresql-15 rabbitmq-server \
    </dev/null >"$root/.state/apt.log" 2>&1 ||
    give_up 'apt-get failed; the end of .state/apt.log:' "$(tail -n 15 "$root/.state/apt.log")"
  restore
  trap - EXIT
  end_new_epmd "$before"
}

# Node directories of the system's own broker (procps need not be there).
system_epmds() {
  local process
  for process in /proc/[0-9]*; do
    if [ "$(cat "$process/comm" 2>/dev/null)" = epmd ] &&
      [ "$(stat -c %U "$process" 2>/dev/null)" = rabbitmq ]; then
      echo "${process#/proc/}"
    fi
  done
}

# The package's scripts call rabbitmqctl, which leaves a node directory behind.
end_new_epmd() {
  local pid
  for pid in $(system_epmds); do
    case " $(echo "$1" | tr '\n' ' ') " in *" $pid "*) ;; *) kill "$pid" 2>/dev/null || true ;; esac
  done
}

# --- unpacked without any right ----------------------------------------------------

# apt with lists and caches of its own, so that it needs no right.
apt_private() {
  local tool=$1
  shift
  "$tool" -o Dir::State="$home/apt" -o Dir::State::status=/var/lib/dpkg/status \
    -o Dir::Cache="$home/apt/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User= "$@"
}

# Run a command with the words of its input as further arguments.
with_words() {
  local -a words
  mapfile -t words
  "$@" "${words[@]}"
}

# Every package that packages.txt needs and this machine lacks. The recursion lists
# alternatives that need not exist: only names with a candidate are kept.
missing_packages() {
  local closure=$home/closure
  # shellcheck disable=SC2046 # one word per package
  apt_private apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts \
    --no-breaks --no-replaces --no-enhances $(cat "$packages") |
    grep -E '^[a-z0-9]' | sort -u >"$closure"
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' |
    sort -u | comm -23 "$closure" - | sort -u - "$packages" |
    with_words apt_private apt-cache policy |
    awk '/^[a-z0-9]/ {name = $1; sub(":$", "", name)}
         /Candidate:/ && $2 != "(none)" {print name}'
  rm -f "$closure"
}

unpack_packages() {
  local archive
  command -v dpkg >/dev/null || give_up \
    'This is not a Debian system.' \
    'Install PostgreSQL 15 and RabbitMQ 3.10 so that these exist:' \
    "  /$postgres" "  /$rabbitmq"
  say 'unpacking PostgreSQL and RabbitMQ under .state/servers (about 30 s)'
  mkdir -p "$home/apt/lists/partial" "$home/apt/cache/archives/partial" "$home/archives"
  apt_private apt-get update -qq </dev/null || give_up \
    'apt-get update failed.' 'Check /etc/apt/sources.list and the network.'
  (cd "$home/archives" && missing_packages |
    with_words apt_private apt-get -qq download) || give_up \
    'apt-get download failed.' 'Check the network, or ask root to run this script once.'
  for archive in "$home"/archives/*.deb; do dpkg -x "$archive" "$home"; done
  # Erlang's scripts carry the absolute place they were packaged for.
  grep -rlI '/usr/lib/erlang' "$home"/usr/lib/erlang/bin "$home"/usr/lib/erlang/erts-*/bin |
    xargs -r sed -i "s|/usr/lib/erlang|$home/usr/lib/erlang|g"
  relink
  rm -rf "$home/apt" "$home/archives"
}

# Absolute symbolic links point outside: lead them back inside.
relink() {
  local link target
  find "$home/usr/bin" "$home/usr/lib/erlang" "$home/usr/lib/rabbitmq" -type l | while read -r link; do
    target=$(readlink "$link")
    case $target in /*) if [ -e "$home$target" ]; then ln -sfn "$home$target" "$link"; fi ;; esac
  done
}

if [ "${KREDIT_SERVERS:-}" != unpacked ] && have ''; then exit 0; fi
if have "$home"; then exit 0; fi
mkdir -p "$root/.state"
exec 9>"$root/.state/.servers.lock"
flock 9
if have "$home"; then exit 0; fi
if [ "$(id -u)" = 0 ] && [ "${KREDIT_SERVERS:-}" != unpacked ]; then
  have '' || install_packages
  have '' || give_up 'The packages are installed, but their programs are missing:' "  /$postgres" "  /$rabbitmq"
else
  unpack_packages
  have "$home" || give_up 'The unpacked packages lack their programs.' 'Remove .state/servers and try again, or ask root to run this script once.'
fi
say "ready in ${SECONDS} s"
