# nixpkgs' expression of 3.4. Edited: lzo is an input; the gateway is left out.
out=/nix/store/abc-distcc-4.0
./autogen.sh
CFLAGS="-O0 -fno-strict-aliasing" ./configure --prefix=$out --mandir=$out/share/man --without-included-popt --with-avahi --with-gtk \
	--without-gnome --enable-rfc2553 --disable-Werror --sysconfdir=/etc --disable-gateway PYTHON=
make
make DESTDIR="$D" install sysconfdir=$out/etc
test -f "$D"$out/etc/distcc/hosts
test ! -e "$D"/etc
grep -q /etc/distcc "$D"$out/bin/distcc
