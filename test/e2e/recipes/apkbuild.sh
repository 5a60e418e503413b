#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the functions of an APKBUILD as abuild does, without abuild. To be run by busybox ash.
#   apkbuild.sh APKBUILD TARBALL DIRECTORY-OF-FILES SCRATCH     packages are made in SCRATCH/pkg/NAME
# RECIPE_CHECK=1 runs check(), too.
# shellcheck disable=SC2154  # the APKBUILD sets what is missing here
set -eu
apkbuild=$1 tarball=$2 files=$3 scratch=$4
here=$(cd "$(dirname "$apkbuild")" && pwd)
srcdir=$scratch/src pkgbasedir=$scratch/pkg
CBUILD=$(gcc -dumpmachine) CHOST=$CBUILD
export CFLAGS="${CFLAGS--O0}"
# Debian's Python puts modules below local/ unless a package is made; Alpine's never does.
export DEB_PYTHON_INSTALL_LAYOUT=deb

die() { echo "die: $*" >&2; exit 1; }
default_prepare() { cd "$builddir"; }
amove() {
	for pattern; do
		for path in "$pkgdir"/$pattern; do
			[ -e "$path" ] || [ -L "$path" ] || die "amove $pattern: nothing there"
			relative=${path#"$pkgdir"/}
			mkdir -p "$subpkgdir/$(dirname "$relative")"
			mv "$path" "$subpkgdir/$relative"
		done
	done
	find "$pkgdir" -mindepth 1 -type d -empty -delete
}
default_openrc() { amove etc/init.d etc/conf.d; }
default_doc() { amove usr/share/doc usr/share/man; }

. "$apkbuild"
mkdir -p "$srcdir"
for name in $source; do
	case $name in
	*.tar.gz) [ "$name" = "$(basename "$tarball")" ] || die "the tarball is $name"; tar xzf "$tarball" -C "$srcdir" ;;
	*) cp "$files/$name" "$srcdir/$name" ;;
	esac
done
for name in $install; do [ -x "$here/$name" ] || die "no $name"; done
for pair in $triggers; do [ -x "$here/${pair%%=*}" ] || die "no ${pair%%=*}"; done
(cd "$builddir" && prepare)
(cd "$builddir" && build)
[ -z "${RECIPE_CHECK-}" ] || (cd "$builddir" && check)
pkgdir=$pkgbasedir/$pkgname
mkdir -p "$pkgdir"
(cd "$builddir" && package)
for entry in $subpackages; do
	name=${entry%%:*}
	rest=${entry#"$name"}
	rest=${rest#:}
	function=${rest%%:*}
	[ -n "$function" ] || function=${name##*-}
	subpkgdir=$pkgbasedir/$name
	mkdir -p "$subpkgdir"
	case $function in openrc|doc) function=default_$function ;; esac
	(cd "$builddir" && "$function")
done
