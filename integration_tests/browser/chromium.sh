#!/bin/sh
# Prints the path of Chromium, after installing Debian's package if it is missing and may be installed.
set -eu

found() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] && command -v "$name" && return
    done
    return 1
}

found && exit
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian's package chromium: once, a minute or two" >&2
    export DEBIAN_FRONTEND=noninteractive
    # Its recommendations are a desktop, but for a font.
    { apt-get update && apt-get install -y --no-install-recommends chromium fonts-liberation; } >/dev/null
    found && exit
fi
echo "Needs Chromium: install it (on Debian, as root: apt-get update && apt-get install -y chromium), or set" >&2
echo "CHROMIUM to the path of its program." >&2
exit 1
