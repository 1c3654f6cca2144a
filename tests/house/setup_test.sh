#!/usr/bin/env bash
# What ./run and ./test do about packages, with an apt-get, a dpkg-query, an id and a sudo of our own.
set -euo pipefail
top=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
path=$work:/usr/bin:/bin
passed=0 failed=0

# fake NAME BODY: a program of that name in front of the real one.
fake() { printf '#!/bin/sh\n%s\n' "$2" >"$work/$1" && chmod +x "$work/$1"; }

# needed STATUS WORDS...: needPackages for alpha and beta ends with this status, and what it says holds the words.
needed() {
  local status=$1 said got=0 word
  shift
  rm -f "$work/calls"
  said=$(cd "$top" && PATH=$path bash -c '
    set -euo pipefail; . .ci/setup.sh; needPackages "alpha  first letter" "beta   second letter"' 2>&1 </dev/null) || got=$?
  said+=$'\n'$(cat "$work/calls" 2>/dev/null || true)
  for word; do
    [[ $said == *"$word"* ]] || got="$got, without the words '$word'"
  done
  if [ "$got" = "$status" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAILED: %s\n  status %s; said:\n%s\n' "needed $status $*" "$got" "$said"
  fi
}

fake apt-get 'echo "apt-get $*" >>'"$work"'/calls'
fake id 'echo 0'
fake dpkg-query 'echo installed alpha; echo installed beta'
needed 0 ""
[ ! -e "$work/calls" ] || { echo "FAILED: nothing was missing, and yet apt-get ran"; failed=$((failed + 1)); }

fake dpkg-query 'echo installed alpha; echo config-files beta; exit 1'
needed 0 "second letter" "apt-get update" "apt-get install -y --no-install-recommends beta"
fake apt-get '[ "$1" != install ] || { echo "E: Unable to locate package"; exit 100; }'
needed 1 "Unable to locate" "By hand, as root: apt-get install -y --no-install-recommends beta"

fake id 'echo 1000'
fake apt-get 'echo "apt-get $*" >>'"$work"'/calls'
fake sudo 'echo "sudo $*" >>'"$work"'/calls; [ "$1" != -n ] || shift; exec "$@"'
needed 0 "sudo -n apt-get update" "apt-get install -y --no-install-recommends beta"
fake sudo 'echo "sudo: a password is required" >&2; exit 1'
needed 1 "a password is required" "By hand, as root"

# From here on only the tools that the function itself needs are on the path: no sudo, and at last no apt-get.
mkdir "$work/bare"
for tool in bash sh id grep cat dpkg-query apt-get mktemp tail rm; do
  ln -s "$(PATH=$path command -v "$tool")" "$work/bare/$tool"
done
path=$work/bare
needed 1 "there is no sudo. As root: apt-get install -y --no-install-recommends beta"
rm "$work/bare/apt-get"
needed 1 "beta   second letter"
export WEFT_SKIP_PACKAGES=1
needed 0 ""

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
