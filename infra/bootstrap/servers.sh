#!/usr/bin/env bash
# PostgreSQL 15, RabbitMQ 3.10 and nginx: the machine's own, else installed (root), else
# unpacked under .state/servers (anybody). Starts nothing, leaves nothing running.
#
# KREDIT_SERVERS=unpacked takes the last way even where servers are installed. It needs
# apt (nothing of apt's own state: lists and archives are private), 600 MB, no right.
# APT_CONFIG and the usual proxy variables are honoured.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
packages=$root/infra/packages.txt
mkdir -p "$root/.state"
# Where the tree really is: a link may lead to another checkout's.
home=$(realpath -m "$root/.state/servers")
fresh=$home.new
downloads=$root/.state/downloads
closure=$downloads/closure
postgres=usr/lib/postgresql/15/bin/postgres
rabbitmq=usr/lib/rabbitmq/bin/rabbitmq-server
nginx=usr/sbin/nginx

say() { printf 'servers: %s\n' "$*"; }
give_up() { printf 'servers: %s\n' "$@" >&2; exit 1; }
# shellcheck source=infra/bootstrap/unpack.sh
. "$root/infra/bootstrap/unpack.sh"

installed() {
  [ -x "/$postgres" ] && [ -x "/$rabbitmq" ] && [ -x /usr/bin/epmd ] && [ -x "/$nginx" ]
}

# A whole tree says what it was made of and where: half a tree says nothing, and a
# tree that was moved holds scripts that look for its former place.
mark=$({ echo "$home"; cat "$packages" "${BASH_SOURCE[0]}" "$root/infra/bootstrap/unpack.sh"; } | sha256sum | cut -d' ' -f1)
unpacked() { [ "$(cat "$home/whole" 2>/dev/null)" = "$mark" ]; }

# --- installed by apt --------------------------------------------------------------

install_packages() {
  local policy=/usr/sbin/policy-rc.d saved='' before
  export DEBIAN_FRONTEND=noninteractive
  say 'installing PostgreSQL, RabbitMQ and nginx (about 20 s)'
  # apt would start them on their public ports: forbid it for as long as this takes.
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
  apt-get install -y -qq --no-install-recommends postgresql-15 rabbitmq-server nginx \
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

no_closure() {
  local system complaints
  complaints=$(grep -E '^(W|E): (Failed|The repo|GPG|Some index|Could not)' "$root/.state/apt.log") &&
    give_up 'The lists of packages could not be fetched. Check the network (proxy variables' \
      'too) and the sources in /etc/apt, then try again. What apt said:' "$complaints"
  # shellcheck source=/dev/null # a Debian file
  system="$(. /etc/os-release && echo "$PRETTY_NAME"), $(dpkg --print-architecture)"
  give_up "apt offers no PostgreSQL 15, no RabbitMQ or no nginx for this system ($system)." \
    'They are packages of Debian 12 (bookworm). Use that, or install PostgreSQL 15,' \
    'RabbitMQ 3.10 and nginx so that these exist:' "  /$postgres" "  /$rabbitmq" "  /$nginx" \
    'What apt said:' "$(grep '^E: ' "$root/.state/apt.log" | head -n 5)"
}

unpack_packages() {
  if ! command -v dpkg >/dev/null || ! command -v apt-get >/dev/null; then
    give_up 'This is not a Debian system.' \
      'Install PostgreSQL 15, RabbitMQ 3.10 and nginx so that these exist:' \
      "  /$postgres" "  /$rabbitmq" "  /$nginx"
  fi
  say 'unpacking PostgreSQL, RabbitMQ and nginx under .state/servers (about 30 s)'
  fetch_packages
  # An earlier run may have been cut short here; its half stays nobody's servers.
  rm -rf "$fresh"
  mkdir "$fresh"
  unpack_archives "$fresh" ||
    give_up 'The archives could not be unpacked. Is the disk full? 600 MB are needed.'
  # Erlang's scripts carry the absolute place they were packaged for.
  grep -rlI '/usr/lib/erlang' "$fresh"/usr/lib/erlang/bin "$fresh"/usr/lib/erlang/erts-*/bin |
    xargs -r sed -i "s|/usr/lib/erlang|$home/usr/lib/erlang|g"
  relink
  cp "$downloads/base" "$closure" "$fresh"
  echo "$mark" >"$fresh/whole"
  rm -rf "$home"
  mv "$fresh" "$home"
}

# Absolute symbolic links point outside: lead them back inside.
relink() {
  local link target
  find "$fresh/usr/bin" "$fresh/usr/lib/erlang" "$fresh/usr/lib/rabbitmq" -type l | while read -r link; do
    target=$(readlink "$link")
    case $target in /*) if [ -e "$fresh$target" ]; then ln -sfn "$home$target" "$link"; fi ;; esac
  done
}

if [ "${KREDIT_SERVERS:-}" != unpacked ] && installed; then exit 0; fi
if unpacked; then exit 0; fi
exec 9>"$root/.state/.servers.lock"
flock 9
if unpacked; then exit 0; fi
if [ "$(id -u)" = 0 ] && [ "${KREDIT_SERVERS:-}" != unpacked ]; then
  installed || install_packages
  installed || give_up 'The packages are installed, but their programs are missing:' \
    "  /$postgres" "  /$rabbitmq" "  /$nginx"
else
  unpack_packages
fi
say "ready in ${SECONDS} s"
