#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A Nix build: a root of its own, one mapped uid, no supplementary groups, HOME that does not exist and
# cannot be made. The caller's directory BUILD_DIR is seen as it is.
#   nix-like.sh SOCKET-DIR COMMAND [ARG...]     the socket's directory is /run/distcc inside
set -e
sockets=$1; shift
root=$(mktemp -d "${TMPDIR:-/tmp}/nixroot.XXXXXX"); chmod 755 "$root"
mkdir -p "$root"/{build,etc,dev/shm,proc,tmp,usr,nix/store,run/distcc,programs} "$root${BUILD_DIR:?}" "$root${PROGRAM_DIR:?}"
for dir in bin sbin lib lib64; do ln -s usr/$dir "$root/$dir"; done
printf '%s\n' 'root:x:0:0:Nix build user:/build:/noshell' 'nixbld:x:1000:100:Nix build user:/build:/noshell' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'nixbld:!:100:' >"$root/etc/group"
echo '127.0.0.1 localhost' >"$root/etc/hosts"
[ ! -d /etc/alternatives ] || { mkdir "$root/etc/alternatives"; cp -a /etc/alternatives/. "$root/etc/alternatives/"; }
drop=()
if [ "$(id -u)" = 0 ]; then
	chown -R "${BUILD_UID:-30001}:${BUILD_GID:-30000}" "$root"
	drop=(setpriv --reuid="${BUILD_UID:-30001}" --regid="${BUILD_GID:-30000}" --clear-groups)
fi
exec "${drop[@]}" unshare --user --map-root-user --pid --mount --ipc --uts --net --fork /bin/bash -c '
	PATH=$PATH:/usr/sbin:/sbin; root=$1 sockets=$2; shift 2
	hostname localhost; ip link set lo up
	mount --make-rprivate /; mount --bind "$root" "$root"
	mount --rbind /usr "$root/usr"; mount --bind "$sockets" "$root/run/distcc"
	mount --bind "$BUILD_DIR" "$root$BUILD_DIR"; mount --rbind "$PROGRAM_DIR" "$root$PROGRAM_DIR"
	for node in full null random tty urandom zero; do : >"$root/dev/$node"; mount --bind /dev/$node "$root/dev/$node"; done
	ln -s /proc/self/fd "$root/dev/fd"
	mount -t proc none "$root/proc"; mount -t tmpfs none "$root/dev/shm"; chmod 555 "$root/etc"
	vars=()
	for name in DISTCC_HOSTS DISTCC_FALLBACK DISTCC_LOG DISTCC_TEST_ID ASAN_OPTIONS UBSAN_OPTIONS; do
		[ -z "${!name+set}" ] || vars+=("$name=${!name}")
	done
	where=$PWD
	cd "$root"; mkdir real-root; pivot_root . real-root; cd /; umount -l real-root; rmdir real-root; chmod 555 /
	cd "$where"
	exec env -i HOME=/homeless-shelter PATH=/usr/bin:/bin TMPDIR=/build TMP=/build TEMP=/build TEMPDIR=/build \
		NIX_BUILD_TOP=/build NIX_STORE=/nix/store TERM=xterm-256color "${vars[@]}" \
		unshare --user --map-user=1000 --map-group=100 setpriv --no-new-privs "$@"
' nix-build "$root" "$sockets" "$@"
