#!/bin/sh
# each.sh COMMAND MODULE...
# Runs a command in the directory of each module, in all of them even after a failure,
# and fails at the end if it failed anywhere. There it repeats what the failed ones
# printed: of a long log often only the end is kept.
set -u
command=$1
shift
kept=$(mktemp -d) || exit
trap 'rm -rf "$kept"' EXIT
failed=
for module; do
	echo "== $module"
	{ (cd "$module" && eval "$command") || touch "$kept/red"; } 2>&1 | tee "$kept/out"
	if [ -e "$kept/red" ]; then
		rm "$kept/red"
		failed="$failed $module"
		{ echo "== $module"; cat "$kept/out"; } >>"$kept/all"
	fi
done
if [ -n "$failed" ]; then
	printf 'failed in:%s\n' "$failed" >&2
	cat "$kept/all" >&2
	exit 1
fi
