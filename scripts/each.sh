#!/bin/sh
# each.sh COMMAND MODULE...
# Runs a command in the directory of each module, in all of them even after a failure,
# and fails at the end if it failed anywhere.
set -u
command=$1
shift
failed=
for module; do
	echo "== $module"
	(cd "$module" && eval "$command") || failed="$failed $module"
done
if [ -n "$failed" ]; then
	echo "failed in:$failed" >&2
	exit 1
fi
