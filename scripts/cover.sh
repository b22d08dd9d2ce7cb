#!/bin/sh
# cover.sh
# Tests the root module and prints, per package of the library, how many statements some
# test of any package reached. Leaves coverage.out for `go tool cover -html=coverage.out`.
set -eu
library=./ledger/...,./middleware/...,./sender/...,./wal/...,./cmd/ledger-replay/...,./internal/...

log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$GO" test -count=1 -covermode=atomic -coverpkg="$library" -coverprofile=coverage.out ./... >"$log" 2>&1 || {
	grep -v '^ok' "$log"
	exit 1
}

# A block stands once for each test binary: it counts as reached if any of them reached it.
awk '
	NR > 1 {
		block = $1
		statements[block] = $2
		if ($3 > 0) reached[block] = 1
	}
	END {
		for (block in statements) {
			package = block
			sub("/[^/]*$", "", package)
			sub("^github.com/ledger-sdk/ledger-go/", "", package)
			all[package] += statements[block]; all["~ total"] += statements[block]
			if (block in reached) { hit[package] += statements[block]; hit["~ total"] += statements[block] }
		}
		for (package in all) if (all[package] > 0) printf "%-24s %5.1f%%  of %d statements\n", package, 100 * hit[package] / all[package], all[package]
	}
' coverage.out | LC_ALL=C sort | sed 's/^~ //'
