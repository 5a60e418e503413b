#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same for an ordinary caller: inside it looks like uid 250, outside it is the caller. Two user
# namespaces, since only the root of one can bring lo up.
#   portage-user.sh COMMAND [ARG...]
set -e
work=$(mktemp -d)
mkdir -p "$work"/{homedir,temp,.distcc/lock,.distcc/state}
exec unshare --user --map-root-user --net --uts --ipc --pid --mount --fork --mount-proc /bin/bash -c '
	PATH=$PATH:/usr/sbin:/sbin
	hostname localhost
	ip link set lo up; ip addr add 10.0.0.1/8 dev lo; ip -6 addr add fd::1/8 dev lo 2>/dev/null
	work=$1; shift; umask 022
	vars=()
	for name in DISTCC_HOSTS DISTCC_FALLBACK DISTCC_LOG DISTCC_TEST_ID ASAN_OPTIONS UBSAN_OPTIONS; do
		[ -z "${!name+set}" ] || vars+=("$name=${!name}")
	done
	exec unshare --user --map-user=250 --map-group=250 setpriv --no-new-privs env -i PATH=/usr/bin:/bin \
		HOME="$work/homedir" T="$work/temp" TMPDIR="$work/temp" DISTCC_DIR="$work/.distcc" "${vars[@]}" "$@"
' phase "$work" "$@"
