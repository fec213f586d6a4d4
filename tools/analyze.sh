#!/usr/bin/env bash
# gcc's static analyser on one C file.
#
# usage: tools/analyze.sh FILE.c
#
# OWNED_BY tells it who releases what, which it checks in every file but the one that defines the
# releasing function: there the analyser takes that function both for free() and for what it does,
# so it looks at malloc and free themselves instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

file=$1
owners=$(grep -rhoE --include='*.[ch]' 'OWNED_BY\([a-z_0-9]+\)' src | sed 's/.*(\(.*\))/\1/' |
    sort -u | paste -sd '|')
inside=()
if grep -qE "^(static )?void ($owners)\(" "$file"; then
    inside=(-DOWNERS_INSIDE)
fi
# gcc 12 loses sight of what hangs on a linked list, in a tree of tsearch() or in an array that has
# grown; clang's analyser and the leak sanitizer do not.
lists=()
case $file in
    src/net/webhook_queue.c | src/cmd/judge.c | src/policy/rule_file.c)
        lists=(-Wno-analyzer-malloc-leak)
        ;;
esac
read -ra libraries < <(pkg-config --cflags-only-I libpq gmime-3.0)
# Uninitialised values: gcc 12 does not follow arrays that a loop fills; clang's analyser does.
exec gcc -fanalyzer -Werror -std=gnu17 -D_GNU_SOURCE= -O1 -Wno-analyzer-use-of-uninitialized-value \
    "${inside[@]}" "${lists[@]}" -I src -isystem node_modules/better-sqlite3/deps/sqlite3 \
    "${libraries[@]/#-I/-isystem}" -I build-check/gcc-asan/src -I build/src -c -o /dev/null "$file"
