#!/bin/sh
# Runs all tests on every supported Python that is installed, the oldest and the newest first, each in a virtual
# environment of its own. A missing Python is said; it fails when the tests of any fail.
# Usage: [EXCEPT=X.Y] tools/test-all.sh [pytest's arguments]
set -u
cd "$(dirname "$0")/.." || exit 1
found=$(tools/pythons.sh | grep -v "^${EXCEPT:-none} ")
results=
status=0

oldest_and_newest_first() { { echo "$found" | sed -n '1p;$p'; echo "$found"; } | awk 'NF && !seen[$0]++'; }

while read -r version python; do
    [ -n "$version" ] || continue
    echo "== Python $version ($python)"
    result=passed
    { PYTHON=$python tools/venv.sh ".venv-$version" test && ".venv-$version/bin/python" -m pytest "$@" </dev/null; } ||
        result=FAILED status=1
    results="$results
Python $version: $result"
done <<END
$(oldest_and_newest_first)
END
echo "== All tests, on each Python:${results:- there is none}"
exit $status
