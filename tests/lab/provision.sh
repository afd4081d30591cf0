#!/bin/bash
# Puts what the lab needs on a Debian machine: a broker and an Asterisk. Run again, it does only what is missing.
#
#   provision.sh             Mosquitto, the tools, Asterisk 22 (or the machine's own Asterisk)
#   provision.sh asterisk16  Asterisk 16 too, as a second version to test with
#   provision.sh venv        only what `python3 -m venv` needs (PYTHON names another interpreter)
#
# Debian 12 has no Asterisk. Later and earlier releases do: one is unpacked into a folder of its own and is run from
# there by its own loader, with no chroot and with nothing of it installed.
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

cache="${HUNTGROUP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/huntgroup}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
step="starting"
unfinished=""

ended() {
    local status=$?
    if [ -n "$unfinished" ]; then "${as_root[@]}" rm -rf "$unfinished"; fi
    if [ "$status" -ne 0 ]; then echo "provision: FAILED while $step (status $status)" >&2; fi
}
trap ended EXIT
trap 'exit 130' INT TERM

begin() {
    step="$1"
    echo "provision: $step"
}

# Networks hiccup: three tries, 5 s and 15 s apart.
retry() {
    local pause
    for pause in 5 15 0; do
        if "$@"; then return 0; fi
        if [ "$pause" -gt 0 ]; then
            echo "provision: $step: again in $pause s" >&2
            sleep "$pause"
        fi
    done
    return 1
}

is_installed() {
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

apt_install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null
}

# The package lists are read anew only when they are too old, or not there, to install from.
install_or_update() {
    apt_install "$@" || { retry "${as_root[@]}" apt-get update -q && retry apt_install "$@"; }
}

install_packages() {
    local missing=() name
    for name in "$@"; do
        if ! is_installed "$name"; then missing+=("$name"); fi
    done
    if [ ${#missing[@]} -eq 0 ]; then return 0; fi
    begin "installing ${missing[*]}"
    install_or_update "${missing[@]}"
}

provide_venv() {
    local python="${PYTHON:-python3}"
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then return 0; fi
    install_packages python3-venv
}

# The lab runs brokers of its own: one that was only just installed need not listen. Anybody else's is left alone.
provide_broker() {
    local was_there=no
    if is_installed mosquitto; then was_there=yes; fi
    install_packages mosquitto mosquitto-clients
    if [ "$was_there" = no ]; then
        begin "stopping the machine's own Mosquitto, that came with the package"
        if [ -d /run/systemd/system ]; then
            "${as_root[@]}" systemctl disable --now mosquitto
        else
            "${as_root[@]}" service mosquitto stop || true
        fi
    fi
}

# What the packages' own scripts would have linked, had they been run.
link_root() {
    local root="$1" name sounds="$1/usr/share/asterisk/sounds"
    for name in bin sbin lib lib64; do
        if [ ! -e "$root/$name" ] && [ -d "$root/usr/$name" ]; then
            "${as_root[@]}" ln -sfn "usr/$name" "$root/$name"
        fi
    done
    if [ ! -e "$sounds/en" ] && [ -d "$sounds/en_US_f_Allison" ]; then
        "${as_root[@]}" ln -sfn en_US_f_Allison "$sounds/en"
    fi
}

unpack() {
    local release="$1" into="$2"
    "${as_root[@]}" rm -rf "$into"
    mkdir -p "$into"
    "${as_root[@]}" mmdebstrap --quiet --variant=extract --mode=root \
        --aptopt='Acquire::Check-Valid-Until "false"' \
        --include=asterisk,asterisk-config,asterisk-core-sounds-en-gsm "$release" "$into" </dev/null
}

is_whole() {
    [ -x "$1/usr/sbin/asterisk" ] && [ -n "$(find "$1/usr/lib" -name chan_pjsip.so -print -quit)" ]
}

# Unpacked beside its place and renamed at the end: what is there under the right name is whole.
provide_asterisk() {
    local version="$1" release="$2" root="$cache/asterisk-$1"
    begin "looking for Asterisk $version in $cache"
    mkdir -p "$cache"
    exec 9>"$cache/.lock"
    flock 9
    if ! is_whole "$root"; then
        install_packages mmdebstrap
        begin "unpacking Asterisk $version (Debian $release) into $root"
        "${as_root[@]}" rm -rf "$cache/.unfinished-$version"
        unfinished="$cache/.unfinished-$version"
        retry unpack "$release" "$unfinished"
        is_whole "$unfinished"
        if [ "$(id -u)" -ne 0 ]; then sudo chown -R "$(id -u):$(id -g)" "$unfinished"; fi
        chmod 755 "$unfinished"
        rm -rf "$root"
        mv "$unfinished" "$root"
        unfinished=""
    fi
    link_root "$root"
    exec 9>&-
}

case "${1:-all}" in
    all)
        provide_venv
        provide_broker
        if ! command -v asterisk >/dev/null; then provide_asterisk 22 sid; fi
        ;;
    venv) provide_venv ;;
    broker) provide_broker ;;
    asterisk16) provide_asterisk 16 bullseye ;;
    *)
        sed -n '2,6p' "$0" >&2
        step="reading the arguments"
        exit 2
        ;;
esac
