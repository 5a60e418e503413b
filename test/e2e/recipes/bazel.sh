#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An action of Bazel (linux-sandbox with "block-network"): user, network, pid and mount namespaces, the host tree read-only
# but for the action's own directory, hence nothing to bind; variables by --action_env.
#   bazel.sh COMMAND [ARG...]
set -e
vars=()
for name in DISTCC_HOSTS DISTCC_FALLBACK DISTCC_LOG DISTCC_TEST_ID ASAN_OPTIONS UBSAN_OPTIONS; do
	[ -z "${!name+set}" ] || vars+=("$name=${!name}")
done
exec unshare --user --map-root-user --net --mount --pid --uts --ipc --fork --mount-proc /bin/bash -c '
	PATH=$PATH:/usr/sbin:/sbin
	ip link set lo up
	mount --bind "$1" "$1"; mount -o remount,bind,ro / || exit; cd "$1/${PWD#"$1"}"; shift
	exec "$@"
' linux-sandbox "${BUILD_DIR:?}" env -i PATH=/usr/bin:/bin TMPDIR=/tmp "${vars[@]}" "$@"
