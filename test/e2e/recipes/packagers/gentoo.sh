# Gentoo's ebuild of 3.4. Edited: no PATCHES, no sed of test/testdistcc.py, src/serve.c and src/daemon.c; the
# gateway is left out.
head -1 contrib/update-distcc-symlinks | grep -q '^#!'
autoreconf -fi
CPPFLAGS="-DPY_SSIZE_T_CLEAN" ./configure --prefix=/usr --build=x86_64-pc-linux-gnu --mandir=/usr/share/man --datadir=/usr/share \
	--sysconfdir=/etc --localstatedir=/var/lib --docdir=/usr/share/doc/distcc-4.0 --disable-dependency-tracking --disable-silent-rules \
	--disable-static --disable-Werror --libdir=/usr/lib --enable-rfc2553 --without-gtk --without-gnome --without-auth --without-avahi \
	--disable-gateway
make PYTHON=
make -j1 DESTDIR="$D" GZIP_BIN=false PYTHON= install
rm -r "$D"/etc/default
rm "$D"/etc/distcc/clients.allow
rm "$D"/etc/distcc/commands.allow.sh
install -D contrib/example/xinetd "$D"/etc/xinetd.d/distcc
test ! -e "$D"/usr/bin/pump
test -f "$D"/usr/share/man/man1/pump.1
grep -q "server.*= /usr/bin/distccd" "$D"/etc/xinetd.d/distcc
