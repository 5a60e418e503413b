#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real container of podman without a network: podman run --network=none -v SOCKET-DIR:/run/distcc-gw
# The image is an empty root with the system's /usr; its storage is the test's own.
#   podman.sh SOCKET-DIR COMMAND [ARG...]       the socket's directory is /run/distcc-gw inside
set -e
sockets=$1; shift
# podman wants short names here
scratch=$(mktemp -d /tmp/podman.XXXXXX)
mkdir -p "$scratch"/root/{usr,run/distcc-gw,tmp,proc,sys,dev,etc}
for name in bin sbin lib lib64; do ln -s usr/$name "$scratch/root/$name"; done
# Limits as they are: raising them is not everybody's right.
printf '[containers]\ndefault_ulimits = []\n[engine]\nevents_logger = "none"\n' >"$scratch/containers.conf"
export CONTAINERS_CONF=$scratch/containers.conf
vars=()
for name in DISTCC_HOSTS DISTCC_FALLBACK DISTCC_LOG DISTCC_TEST_ID ASAN_OPTIONS UBSAN_OPTIONS; do
	[ -z "${!name+set}" ] || vars+=(-e "$name=${!name}")
done
run=(podman --root "$scratch/store" --runroot "$scratch/run" --tmpdir "$scratch/tmp" --cgroup-manager cgroupfs run --rm --network=none
	--cgroups=disabled --log-driver=none -v "$sockets:/run/distcc-gw" -v /usr:/usr:ro -v /etc/alternatives:/etc/alternatives:ro
	-v "${BUILD_DIR:?}:$BUILD_DIR" -v "${PROGRAM_DIR:?}:$PROGRAM_DIR:ro" -e PATH=/usr/bin:/bin -e HOME=/nonexistent "${vars[@]}" -w "$PWD"
	--rootfs "$scratch/root" "$@")
status=0
# The runtime refuses a machine whose control groups are half of version 1 and half of version 2: it is shown the latter.
if [ -d /sys/fs/cgroup/unified ]; then
	unshare -m --propagation slave bash -c 'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' bash "${run[@]}" || status=$?
else
	"${run[@]}" || status=$?
fi
umount -R "$scratch/store/overlay" 2>/dev/null || :
rm -rf "$scratch"
exit "$status"
