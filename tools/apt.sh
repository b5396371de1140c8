#!/bin/sh
# Installs Debian or Ubuntu packages where that is possible without asking anybody: as root, with apt-get. Elsewhere
# it says what to install, and fails.
set -eu
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing on this system. On Debian or Ubuntu: sudo apt install $*" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >&2
apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "$@" >&2
