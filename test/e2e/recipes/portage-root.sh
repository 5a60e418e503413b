#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Portage build phase as root starts it: uid 250 in fresh network, uts, ipc, pid and mount namespaces,
# 10.0.0.1/8 on lo. RECIPE_ROOT=1: as the install phase, which stays root.
#   portage-root.sh COMMAND [ARG...]
set -e
base=${PORTAGE_TMPDIR:?}/portage build=$base/cat-test/pkg-1 state=$base/.distcc
install -d -m 0755 "$PORTAGE_TMPDIR"
install -d -g 250 -m 0775 "$base"
install -d -g 250 -m 2775 "$state" "$state/lock" "$state/state"
install -d -o 250 -g 250 -m 0700 "$base/cat-test" "$build" "$build/work" "$build/homedir" "$build/temp"
if [ -n "${RECIPE_ROOT-}" ]; then ids=(); else ids=(--reuid=250 --regid=250 --clear-groups); fi
exec unshare --net --uts --ipc --pid --mount --fork --mount-proc --propagation slave /bin/bash -c '
	build=$1 state=$2 n=$3; shift 3
	ids=("${@:1:n}"); shift "$n"
	hostname localhost
	ip link set lo up; ip addr add 10.0.0.1/8 dev lo; ip -6 addr add fd::1/8 dev lo 2>/dev/null
	umask 022
	vars=()
	for name in DISTCC_HOSTS DISTCC_FALLBACK DISTCC_SOCKS_PROXY DISTCC_LOG DISTCC_TEST_ID ASAN_OPTIONS UBSAN_OPTIONS; do
		[ -z "${!name+set}" ] || vars+=("$name=${!name}")
	done
	exec setpriv "${ids[@]}" --no-new-privs env -i PATH=/usr/bin:/bin HOME="$build/homedir" LOGNAME=portage \
		T="$build/temp" TMPDIR="$build/temp" TMP="$build/temp" TEMP="$build/temp" DISTCC_DIR="$state" "${vars[@]}" "$@"
' phase "$build" "$state" "${#ids[@]}" "${ids[@]}" "$@"
