# shellcheck shell=bash disable=SC2154 # the variables are those of who reads this in
# Debian's packages fetched and unpacked without any right, for who reads this in
# (servers.sh, browser.sh) and says: `root`; `packages`, a file of names; `downloads`, a
# folder; `closure`, a file to write; `give_up`; and `no_closure`, when apt has none.

# apt with lists, archives and a status of its own, so that it needs no right. To that
# status nothing is installed: the closure is the same on every machine.
apt_private() {
  local tool=$1
  shift
  "$tool" -o Dir::State="$downloads/apt" -o Dir::State::status="$downloads/apt/status" \
    -o Dir::Cache="$downloads/apt/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User= \
    -o Acquire::ForceHash=sha256 "$@"
}

# Run a command with the words of its input as further arguments.
with_words() {
  local -a words
  mapfile -t words
  "$@" "${words[@]}"
}

# What no Debian lacks, the C library first: it must stay the machine's own.
base_packages() {
  dpkg-query -W -f '${Essential} ${Package}\n' | sed -n 's/^yes //p' |
    with_words apt-cache depends --recurse --installed --no-recommends --no-suggests \
      --no-conflicts --no-breaks --no-replaces --no-enhances |
    sed -n 's/^\([a-z0-9][^:]*\).*/\1/p' | sort -u
}

# Digest and file name of every archive that packages.txt needs beyond that base. The
# digests are those of apt's lists, which it takes only with a good signature.
write_closure() {
  base_packages >"$downloads/base" || return
  with_words apt_private apt-get install -qq --no-install-recommends --print-uris \
    <"$packages" >"$downloads/uris" 2>>"$root/.state/apt.log" || return
  awk 'NR == FNR {base[$1]; next}
       {split($2, part, "_"); sub("^SHA256:", "", $4)}
       !(part[1] in base) {print $4 "  " $2}' "$downloads/base" "$downloads/uris" >"$closure"
  [ -s "$closure" ]
}

# File names of archives that are absent, cut short or changed.
wrong_archives() (
  cd "$downloads/archives"
  { sha256sum --check --quiet "$closure" 2>/dev/null || true; } | sed 's/: FAILED.*//'
)

fetch_packages() {
  local wrong
  mkdir -p "$downloads"/apt/{lists,cache/archives}/partial "$downloads/archives"
  : >"$downloads/apt/status"
  # It complains of any unreachable source; those that matter are missed below.
  apt_private apt-get update -q </dev/null >"$root/.state/apt.log" 2>&1 || true
  write_closure || no_closure
  wrong=$(wrong_archives)
  [ -n "$wrong" ] || return 0
  # apt believes a file of the right size: only what is absent is fetched for certain.
  (cd "$downloads/archives" && echo "$wrong" | xargs rm -f &&
    echo "$wrong" | sed 's/_.*//' | with_words apt_private apt-get -qq download) \
    </dev/null >>"$root/.state/apt.log" 2>&1 || true
  [ -z "$(wrong_archives)" ] || give_up \
    'These archives did not arrive as the signed lists describe them:' "$(wrong_archives)" \
    'Check the network and try again: what arrived is kept. The end of .state/apt.log:' \
    "$(tail -n 5 "$root/.state/apt.log")"
}

# Everything of the closure, into a folder.
unpack_archives() {
  (cd "$downloads/archives" &&
    cut -d' ' -f3 "$closure" | xargs -P "$(nproc)" -I{} dpkg -x {} "$1")
}
