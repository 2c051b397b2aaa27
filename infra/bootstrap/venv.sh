#!/usr/bin/env bash
# From nothing to .state/venv, exactly as uv.lock says, and to .state/photo-venv, exactly
# as photo/uv.lock says. Does nothing when it is done.
#
# Needs: Python 3.11 with venv (as root it is installed when missing) and a package
# index that pip can reach. Honours SSL_CERT_FILE, PIP_INDEX_URL and UV_DEFAULT_INDEX.
set -euo pipefail

UV_VERSION=0.13.9
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv=$root/.state/venv
stamp=$venv/.made-from

say() { printf 'venv: %s\n' "$*"; }
give_up() { printf 'venv: %s\n' "$@" >&2; exit 1; }

photo=$root/.state/photo-venv
wanted=$(sha256sum "$root/uv.lock" "$root/photo/uv.lock" "${BASH_SOURCE[0]}" |
  cut -d' ' -f1 | sha256sum | cut -d' ' -f1)
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
  exit 0
fi

# A machine behind an inspecting proxy keeps that proxy's root in this bundle.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -z "${SSL_CERT_FILE:-}" ] && [ -r "$bundle" ]; then export SSL_CERT_FILE=$bundle; fi

can_make_venv() { "$1" -c 'import ensurepip, venv, sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; }

find_python() {
  local candidate
  for candidate in /usr/bin/python3.11 python3.11 python3; do
    if can_make_venv "$candidate"; then echo "$candidate"; return; fi
  done
  return 1
}

install_python() {
  [ "$(id -u)" = 0 ] || give_up \
    'Python 3.11 with venv is missing.' \
    'Install it (Debian 12: apt-get install python3 python3-venv) and try again.'
  say 'installing python3-venv'
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq </dev/null
  apt-get install -y -qq --no-install-recommends python3 python3-venv </dev/null >/dev/null
}

mkdir -p "$root/.state"
exec 9>"$root/.state/.venv.lock"
flock 9
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

if ! [ -x "$venv/bin/python" ] || ! can_make_venv "$venv/bin/python"; then
  python=$(find_python) || { install_python; python=$(find_python); } ||
    give_up 'Python 3.11 with venv is still missing after the installation.'
  say "making $venv with $python"
  rm -rf "$venv"
  "$python" -m venv "$venv"
fi

if [ "$("$venv/bin/uv" --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
  say "installing uv $UV_VERSION"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check "uv==$UV_VERSION" ||
    give_up 'pip could not fetch uv.' 'Check the package index (PIP_INDEX_URL) and SSL_CERT_FILE.'
fi

# install <folder> <environment>: what the folder's uv.lock names, nothing else.
install() {
  say "installing what $1/uv.lock names"
  UV_PROJECT_ENVIRONMENT=$2 UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never \
    "$venv/bin/uv" sync --frozen --quiet --project "$root/$1" --python "$venv/bin/python" ||
    give_up 'uv sync failed.' "Check the package index (UV_DEFAULT_INDEX) and SSL_CERT_FILE, or remove $2."
}

cd "$root"
install . "$venv"
install photo "$photo"
printf '%s\n' "$wanted" >"$stamp"
say "ready in ${SECONDS} s"
