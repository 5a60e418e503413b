#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The network of mock (nspawn isolation): only lo, and a default route that leads nowhere, so that TCP connections
# hang instead of failing; HOME=/builddir; the gateway's directory bound by the bind_mount plugin.
#   mock.sh SOCKET-DIR COMMAND [ARG...]       the socket's directory is /run/distcc-gw inside
set -e
sockets=$1; shift
exec unshare --net --mount --uts --ipc --propagation slave /bin/bash -c '
	ip link set lo up; ip route add default via 127.0.0.1
	mount -t tmpfs none /run; mkdir /run/distcc-gw; mount --bind "$1" /run/distcc-gw
	shift
	HOME=/builddir exec "$@"
' mock "$sockets" "$@"
