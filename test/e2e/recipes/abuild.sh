#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The switches of abuild rootbld; the gateway's directory is the user's ~/.abuild.
#   abuild.sh SOCKET-DIR COMMAND [ARG...]       the socket's directory is /home/user/.abuild inside
set -e
sockets=$1; shift
vars=()
for name in DISTCC_HOSTS DISTCC_FALLBACK DISTCC_LOG DISTCC_TEST_ID ASAN_OPTIONS UBSAN_OPTIONS; do
	[ -z "${!name+set}" ] || vars+=(--setenv "$name" "${!name}")
done
exec bwrap --new-session --unshare-ipc --unshare-uts --unshare-net --unshare-pid --die-with-parent --uid 1000 --gid 1000 \
	--ro-bind / / --proc /proc --dev-bind /dev /dev --tmpfs /home --dir /home/user/.abuild --ro-bind "$sockets" /home/user/.abuild \
	--bind "${BUILD_DIR:?}" "$BUILD_DIR" --clearenv --setenv PATH /usr/bin:/bin --setenv TMPDIR "$BUILD_DIR" "${vars[@]}" --chdir "$PWD" "$@"
