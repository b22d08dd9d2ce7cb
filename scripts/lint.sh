#!/bin/sh
# lint.sh GOLANGCI CONFIG
# Lints the module of the working directory. The analysers look at packages side by side,
# and on rare occasions one reports what the next run on the same files does not. So a
# failure counts if it is there again in a run that has nothing of the first in its cache;
# both runs print what they found.
set -u
"$1" run --allow-serial-runners --config "$2" ./... && exit
echo "lint: once more, without a cache" >&2
cache=$(mktemp -d) || exit
trap 'rm -rf "$cache"' EXIT
GOLANGCI_LINT_CACHE=$cache "$1" run --allow-serial-runners --config "$2" ./...
