#!/bin/sh
# Prints "X.Y /path/to/python" for every supported Python that is installed and starts, the oldest first; says on
# standard error which are missing. Looks on the PATH and at pyenv's versions: of pyenv's commands on the PATH, only
# those that are switched on start.
set -eu
pyenv=${PYENV_ROOT:-${HOME:-/nonexistent}/.pyenv}

is_version() { # VERSION PATH
    [ -x "$2" ] && [ "$("$2" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$1" ]
}

find_version() { # VERSION; prints the first path that is good
    folders=$PATH:
    while [ -n "$folders" ]; do
        if is_version "$1" "${folders%%:*}/python$1"; then echo "${folders%%:*}/python$1"; return; fi
        folders=${folders#*:}
    done
    for path in "$pyenv/versions/$1".*/bin/python; do
        if is_version "$1" "$path"; then echo "$path"; return; fi
    done
    return 1
}

for version in 3.8 3.9 3.10 3.11 3.12 3.13 3.14; do
    if path=$(find_version "$version"); then
        echo "$version $path"
    else
        echo "Python $version is not installed here" >&2
    fi
done
