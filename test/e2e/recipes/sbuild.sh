#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The build step of sbuild --chroot-mode=unshare, by an ordinary user: root of a user namespace, a private network
# with lo up, no name server, the gateway's directory bound ($unshare_bind_mounts), HOME=/sbuild-nonexistent.
#   sbuild.sh SOCKET-DIR COMMAND [ARG...]       the socket's directory is /run/distcc-gw inside
set -e
sockets=$1; shift
exec unshare --user --map-root-user --net --mount --pid --uts --ipc --fork --mount-proc /bin/bash -c '
	PATH=$PATH:/usr/sbin:/sbin
	ip link set lo up
	mount -t tmpfs none /run; mkdir /run/distcc-gw; mount --rbind "$1" /run/distcc-gw
	mount --bind /dev/null /etc/resolv.conf
	shift
	HOME=/sbuild-nonexistent exec "$@"
' sbuild "$sockets" "$@"
