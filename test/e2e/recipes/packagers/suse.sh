# openSUSE's spec of 3.4. Edited: no sed of __DATE__ (there is no date in the programs), src/daemon.c, src/help.c
# and lzo/minilzo.c; the gateway is left out.
autoreconf -fvi
./configure --prefix=/usr --sysconfdir=/etc --libdir=/usr/lib64 --with-gtk --with-avahi --with-auth --enable-rfc2553 --disable-Werror \
	--disable-gateway
make
make install DESTDIR="$D" docdir=/usr/share/doc/packages/distcc
test -f "$D"/usr/share/doc/packages/distcc/NEWS
