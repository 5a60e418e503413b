# Alpine's APKBUILD of 3.4. Edited: the gateway is left out.
./autogen.sh
./configure --build=x86_64-linux-gnu --host=x86_64-linux-gnu --prefix=/usr --without-gtk --sysconfdir=/etc --disable-Werror \
	--without-libiberty --mandir=/usr/share/man --disable-gateway PYTHON=/usr/bin/python3
make
make DESTDIR="$D" install
mkdir -p "$D"/usr/lib/distcc/bin "$D"-pump/usr/bin "$D"-pump/usr/lib
for name in cc gcc g++ cpp; do ln -s /usr/bin/distcc "$D"/usr/lib/distcc/bin/$name; done
mv "$D"/usr/bin/pump "$D"-pump/usr/bin
# Debian's Python says /usr/local for /usr; Alpine's does not
[ ! -d "$D"/usr/local ] || { mv "$D"/usr/local/lib/* "$D"/usr/lib; rm -r "$D"/usr/local; }
mv "$D"/usr/lib/python* "$D"-pump/usr/lib
