#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bubblewrap without a network, the host's tree read-only.
#   bwrap-net.sh SOCKET-DIR COMMAND [ARG...]    the socket's directory is /run/distcc inside
set -e
sockets=$1; shift
exec bwrap --unshare-net --unshare-pid --unshare-ipc --unshare-uts --die-with-parent \
	--ro-bind / / --dev /dev --proc /proc --tmpfs /run --ro-bind "$sockets" /run/distcc \
	--bind "${BUILD_DIR:?}" "$BUILD_DIR" --setenv HOME /nonexistent --setenv TMPDIR "$BUILD_DIR" --chdir "$PWD" "$@"
