#!/bin/sh
# fuzz.sh TIME MODULE...
# Fuzzes every target of every module for TIME, one after the other. An input that fails
# is written to testdata/fuzz/ of its package by the go command: commit it with the fix.
set -eu
time=$1
shift
root=$(pwd)
count=0
failed=

# Directories given as arguments that hold a fuzz target. go test -list knows better which
# targets there are, but it links every test binary that it asks.
with_targets() {
	for dir; do
		if grep -qs '^func Fuzz' "$dir"/*_test.go; then echo "$dir"; fi
	done
}

for module; do
	cd "$root/$module"
	[ -n "$(with_targets $(find . -type d))" ] || continue
	packages=$("$GO" list -f '{{.Dir}}' ./...)
	for dir in $(with_targets $packages); do
		names=$("$GO" test -list '^Fuzz' "$dir")
		for name in $(printf '%s\n' "$names" | grep '^Fuzz'); do
			echo "== ${dir#"$root"/} $name"
			count=$((count + 1))
			"$GO" test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$dir" || failed="$failed $name"
		done
	done
done

if [ -n "$failed" ]; then
	echo "fuzz: failed:$failed" >&2
	exit 1
fi
if [ "$count" -eq 0 ]; then
	echo "fuzz: no target found" >&2
	exit 1
fi
echo "fuzz: $count targets passed, $time each"
