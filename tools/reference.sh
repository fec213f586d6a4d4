#!/usr/bin/env bash
# The reference pages are what the program prints of its own tables.
#
# usage: tools/reference.sh PROGRAM [--write]
#
# Says where docs/reference differs from what PROGRAM prints; --write replaces the pages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

program=$1
write=${2:-}
folder=docs/reference
different=0

page() {
    local file=$folder/$1 printed
    shift
    printed=$(mktemp)
    if ! "$program" "$@" >"$printed"; then
        printf '%s: "counterfoil %s" failed\n' "$file" "$*"
        different=1
    elif [[ $write == --write ]]; then
        mkdir -p "$folder"
        cp "$printed" "$file"
    elif ! diff -u "$file" "$printed"; then
        different=1
    fi
    rm -f "$printed"
}

page commands.md help --markdown
page counterfoil.1 help --man
page configuration.md config
page problems.md problems
page schema.sql schema
page openapi.json openapi

if ((different)); then
    printf 'tools/reference.sh PROGRAM --write brings the pages up to date\n'
fi
exit "$different"
