#!/bin/sh
# Runs all tests on every supported Python that is installed, the oldest and the newest first, each in a virtual
# environment of its own. A missing Python is said; it fails when the tests of any fail.
# Usage: [EXCEPT=X.Y] [BETWEEN=ARGUMENTS] [PARALLEL=OPTIONS] tools/test-all.sh [pytest's arguments]
# EXCEPT is left out; on those that are neither the oldest nor the newest, pytest gets BETWEEN's arguments too.
set -u
cd "$(dirname "$0")/.." || exit 1
found=$(tools/pythons.sh)
results=
status=0

oldest_and_newest() { echo "$found" | sed -n '1p;$p'; }

oldest_and_newest_first() { { oldest_and_newest; echo "$found"; } | awk 'NF && !seen[$0]++'; }

run_tests() { # VERSION PYTHON [pytest's arguments]
    venv=.venv-$1
    PYTHON=$2 tools/venv.sh "$venv" test </dev/null || return
    shift 2
    # shellcheck disable=SC2086 - words
    "$venv/bin/python" -m pytest ${PARALLEL:-} "$@" </dev/null
}

while read -r version python; do
    if [ -z "$version" ] || [ "$version" = "${EXCEPT:-none}" ]; then continue; fi
    echo "== Python $version ($python)"
    # shellcheck disable=SC2086 - words
    case "$(oldest_and_newest)" in
    *"$version $python"*) run_tests "$version" "$python" "$@" ;;
    *) run_tests "$version" "$python" ${BETWEEN:-} "$@" ;;
    esac && result=passed || result=FAILED status=1
    results="$results
Python $version: $result"
done <<END
$(oldest_and_newest_first)
END
echo "== The tests, on each Python:${results:- there is none}"
exit $status
