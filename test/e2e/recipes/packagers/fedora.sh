# The RPM family's common form (Photon, Fedora). Edited: %doc names files below doc, contrib/conf/default is the
# settings' file; the gateway is left out.
sh ./autogen.sh
./configure --build=x86_64-redhat-linux-gnu --prefix=/usr --exec-prefix=/usr --bindir=/usr/bin --sbindir=/usr/sbin --sysconfdir=/etc \
	--datadir=/usr/share --libdir=/usr/lib64 --libexecdir=/usr/libexec --localstatedir=/var --mandir=/usr/share/man \
	--with-auth --disable-Werror --disable-gateway PYTHON=/usr/bin/python3
make
make DESTDIR="$D" install PYTHON_INSTALL_RECORD="$D".record
cp doc/AUTHORS doc/*.txt NEWS doc/README.pump doc/TODO doc/INSTALL README doc/survey.txt "$D"
install -D contrib/conf/default "$D"/etc/sysconfig/distccd
while read -r file; do test -f "$D$file"; done <"$D".record
ls -d "$D"/usr/*/lib/python3.*/*/include_server* "$D"/usr/lib*/python3.*/*/include_server* 2>/dev/null | grep -q .
