#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same idea with bubblewrap.
#   nix-bwrap.sh SOCKET-DIR COMMAND [ARG...]    the socket's directory is /run/distcc inside
set -e
sockets=$1; shift
vars=()
for name in DISTCC_HOSTS DISTCC_FALLBACK DISTCC_LOG DISTCC_TEST_ID ASAN_OPTIONS UBSAN_OPTIONS; do
	[ -z "${!name+set}" ] || vars+=(--setenv "$name" "${!name}")
done
exec bwrap --unshare-all --die-with-parent --new-session --uid 1000 --gid 100 --hostname localhost \
	--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
	--proc /proc --dev /dev --tmpfs /tmp --dir /etc --ro-bind-try /etc/alternatives /etc/alternatives --tmpfs /build \
	--dir /nix/store --dir /run/distcc --bind "$sockets" /run/distcc --bind "${BUILD_DIR:?}" "$BUILD_DIR" \
	--ro-bind "${PROGRAM_DIR:?}" "$PROGRAM_DIR" --remount-ro / \
	--clearenv --setenv HOME /homeless-shelter --setenv PATH /usr/bin:/bin --setenv TMPDIR /build --setenv TMP /build \
	--setenv NIX_BUILD_TOP /build "${vars[@]}" --chdir "$PWD" "$@"
