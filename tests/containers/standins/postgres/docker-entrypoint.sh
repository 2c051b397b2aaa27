#!/bin/bash
# The part of the official entry point that we rely on, run as an ordinary user.
set -euo pipefail
[ "${1:-postgres}" = postgres ] || exec "$@"
chmod 00700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(cat "${POSTGRES_PASSWORD_FILE:?}")
  read -r -a words <<< "${POSTGRES_INITDB_ARGS:-}"
  initdb -U postgres --pwfile=<(printf '%s\n' "$password") "${words[@]}" > /dev/null
  # As the official one does: started once with our options, on its socket only.
  pg_ctl -D "$PGDATA" -w -o "${*:2} -c listen_addresses='' -p 5432" start > /dev/null
  psql -XqAt -U postgres -d postgres -c 'SELECT 1' > /dev/null
  pg_ctl -D "$PGDATA" -m fast -w stop > /dev/null
fi
exec "$@"
