#!/usr/bin/env bash
# Chromium, for the tests that walk through the cabinet: the machine's own, else installed
# (root), else unpacked under .state/browser (anybody). Only tests need it.
#
# KREDIT_BROWSER=unpacked takes the last way even where Chromium is installed. It needs
# apt (nothing of apt's own state), 800 MB, no right.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
packages=$root/infra/browser-packages.txt
mkdir -p "$root/.state"
home=$(realpath -m "$root/.state/browser")
fresh=$home.new
downloads=$root/.state/browser-downloads
closure=$downloads/closure

say() { printf 'browser: %s\n' "$*"; }
give_up() { printf 'browser: %s\n' "$@" >&2; exit 1; }
# shellcheck source=infra/bootstrap/unpack.sh
. "$root/infra/bootstrap/unpack.sh"

installed() { [ -x /usr/bin/chromium ]; }
mark=$({ echo "$home"; cat "$packages" "${BASH_SOURCE[0]}" "$root/infra/bootstrap/unpack.sh"; } | sha256sum | cut -d' ' -f1)
unpacked() { [ "$(cat "$home/whole" 2>/dev/null)" = "$mark" ]; }

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  say 'installing Chromium (about 30 s)'
  apt-get update -qq </dev/null
  with_words apt-get install -y -qq --no-install-recommends <"$packages" \
    >"$root/.state/apt.log" 2>&1 ||
    give_up 'apt-get failed; the end of .state/apt.log:' "$(tail -n 15 "$root/.state/apt.log")"
}

no_closure() {
  give_up 'apt offers no Chromium here, or its lists could not be fetched.' \
    'Check the network (proxy variables too) and the sources in /etc/apt, or install' \
    'Chromium as /usr/bin/chromium. What apt said:' "$(grep '^[EW]: ' "$root/.state/apt.log" | head -n 5)"
}

# Its libraries, and its fonts, are looked for where they are.
write_start() {
  cat >"$fresh/fonts.conf" <<END
<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>$home/usr/share/fonts</dir><cachedir>$home/fonts-cache</cachedir></fontconfig>
END
  cat >"$fresh/chromium" <<END
#!/bin/sh
export LD_LIBRARY_PATH=$home/usr/lib/chromium:$home/usr/lib/$(uname -m)-linux-gnu:$home/lib/$(uname -m)-linux-gnu
export FONTCONFIG_FILE=$home/fonts.conf
exec $home/usr/lib/chromium/chromium "\$@"
END
  chmod 755 "$fresh/chromium"
}

unpack_packages() {
  if ! command -v dpkg >/dev/null || ! command -v apt-get >/dev/null; then
    give_up 'This is not a Debian system.' 'Install Chromium as /usr/bin/chromium.'
  fi
  say 'unpacking Chromium under .state/browser (about 60 s)'
  fetch_packages
  rm -rf "$fresh"
  mkdir "$fresh"
  unpack_archives "$fresh" ||
    give_up 'The archives could not be unpacked. Is the disk full? 800 MB are needed.'
  write_start
  echo "$mark" >"$fresh/whole"
  rm -rf "$home"
  mv "$fresh" "$home"
}

if [ "${KREDIT_BROWSER:-}" != unpacked ] && installed; then exit 0; fi
if unpacked; then exit 0; fi
exec 9>"$root/.state/.browser.lock"
flock 9
if unpacked; then exit 0; fi
if [ "$(id -u)" = 0 ] && [ "${KREDIT_BROWSER:-}" != unpacked ]; then
  install_packages
  installed || give_up 'The package is installed, but /usr/bin/chromium is missing.'
else
  unpack_packages
fi
say "ready in ${SECONDS} s"
