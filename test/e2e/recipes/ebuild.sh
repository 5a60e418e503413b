#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the phases of an ebuild as Portage does, without Portage: the functions of EAPI 8 and of the eclasses that
# it uses, for real where files are concerned. An unknown command ends it, as does "die".
#   ebuild.sh EBUILD SOURCE-TREE IMAGE [USE-FLAG...]
set -eu
ebuild=$(readlink -f "$1") S=$(readlink -f "$2")
mkdir -p "$3"
D=$(readlink -f "$3")
shift 3
FLAGS=" $* "
P=$(basename "$ebuild" .ebuild) PN=${P%-*} PV=${P##*-} PF=$P
ED=$D ROOT='' EROOT=$D FILESDIR=$(dirname "$ebuild")/files PYTHON_DEPS=dev-lang/python PYTHON_REQUIRED_USE=single
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
export CFLAGS=${CFLAGS--O0} CBUILD=x86_64-pc-linux-gnu

die() { echo "die: $*" >&2; exit 1; }
command_not_found_handle() { die "the ebuild calls '$1'"; }
elog() { printf ' * %s\n' "$*"; }
inherit() {
	local eclass
	for eclass; do case $eclass in autotools|python-single-r1|systemd|tmpfiles) ;; *) die "eclass $eclass" ;; esac; done
}
use() { [[ " $IUSE " == *[\ +]"$1 "* || $IUSE == *"$1" ]] || die "USE flag $1 is not in IUSE"; [[ $FLAGS == *" $1 "* ]]; }
use_enable() { if use "$1"; then echo "--enable-${2-$1}"; else echo "--disable-${2-$1}"; fi; }
use_with() { if use "$1"; then echo "--with-${2-$1}"; else echo "--without-${2-$1}"; fi; }
default() { :; }
eautoreconf() { autoreconf -fi >"$T/log" 2>&1 || { cat "$T/log"; die autoreconf; }; }
python-single-r1_pkg_setup() { :; }
econf() {
	./configure --prefix=/usr --build=$CBUILD --mandir=/usr/share/man --infodir=/usr/share/info --datadir=/usr/share --sysconfdir=/etc \
		--localstatedir=/var/lib --datarootdir=/usr/share --disable-dependency-tracking --disable-silent-rules --disable-static \
		--docdir="/usr/share/doc/$PF" --htmldir="/usr/share/doc/$PF/html" --libdir=/usr/lib64 "$@" >"$T/log" 2>&1 || { cat "$T/log"; die econf; }
}
emake() { make -s -j2 "$@" || die "emake $*"; }
put() { install -D -m "$1" "$2" "$D$3" || die "$3"; }
dobin() { local f; for f; do put 755 "$f" "/usr/bin/${f##*/}"; done; }
newinitd() { put 755 "$1" "/etc/init.d/$2"; }
newconfd() { put 644 "$1" "/etc/conf.d/$2"; }
newenvd() { put 644 "$1" "/etc/env.d/$2"; }
newtmpfiles() { put 644 "$1" "/usr/lib/tmpfiles.d/$2"; }
systemd_newunit() { put 644 "$1" "/usr/lib/systemd/system/$2"; }
systemd_dounit() { local f; for f; do systemd_newunit "$f" "${f##*/}"; done; }
systemd_install_serviced() { put 644 "$1" "/etc/systemd/system/$2.d/00gentoo.conf"; }
docinto() { docs=/usr/share/doc/$PF/$1; }
dodoc() { local f; for f; do put 644 "$f" "$docs/${f##*/}"; done; }
insinto() { into=$1; }
newins() { if [[ $1 == - ]]; then cat >"$T/in"; put 644 "$T/in" "$into/$2"; else put 644 "$1" "$into/$2"; fi; }
keepdir() { mkdir -p "$D$1"; : >"$D$1/.keep"; }
dosym() { mkdir -p "$D$(dirname "$2")"; ln -s "$1" "$D$2" || die "$2"; }
tmpfiles_process() { elog "tmpfiles: $*"; }

cd "$S"
# shellcheck source=/dev/null
source "$ebuild"
for phase in pkg_setup src_prepare src_configure src_compile src_test src_install pkg_postinst; do
	[[ $phase != src_test ]] || use test || continue
	if declare -F "$phase" >/dev/null; then "$phase" || [[ $phase == pkg_setup ]] || die "$phase"; fi
done
