# Debian's rules for 3.4. Edited: the pages of manuals are in doc/man, three documents below doc, and the
# gateway is left out.
./autogen.sh
./configure --build=x86_64-linux-gnu --prefix=/usr --includedir=/usr/include --mandir=/usr/share/man --infodir=/usr/share/info \
	--sysconfdir=/etc --localstatedir=/var --disable-option-checking --disable-silent-rules --disable-maintainer-mode \
	--disable-dependency-tracking --enable-rfc2553 --disable-Werror --with-gtk --with-auth --libdir=/usr/lib --libexecdir=/usr/lib \
	--disable-gateway INCLUDESERVER_PYTHON=/usr/bin/python3 PYTHON=/usr/bin/python3
make
make install DESTDIR="$D"
mv "$D"/usr/local/* "$D"/usr/
rmdir "$D"/usr/local
perl -pi -e "s,^include_server=.*,include_server='/usr/lib/python3/dist-packages/include_server/include_server.py'," "$D"/usr/bin/pump
mv "$D"/usr/bin/pump "$D"/usr/bin/distcc-pump
rm "$D"/usr/sbin/update-distcc-symlinks "$D"/etc/default/distcc
for file in usr/share/man/man1/pump.1.gz usr/share/man/man1/include_server.1.gz usr/share/man/man1/distcc.1.gz usr/share/man/man1/distccd.1.gz \
	usr/share/man/man1/distccmon-text.1.gz usr/share/man/man1/lsdistcc.1.gz usr/bin/distcc usr/bin/distccd usr/bin/distccmon-text \
	usr/bin/lsdistcc etc/distcc/hosts etc/distcc/clients.allow etc/distcc/commands.allow.sh usr/share/doc/distcc/README.pump \
	usr/share/doc/distcc/NEWS usr/share/doc/distcc/COPYING usr/share/doc/distcc/INSTALL usr/share/doc/distcc/AUTHORS \
	usr/share/doc/distcc/README usr/share/doc/distcc/TODO usr/share/doc/distcc/example usr/share/doc/distcc/reporting-bugs.txt; do
	test -e "$D/$file"
done
ls "$D"/usr/lib/python3.*/dist-packages/include_server "$D"/usr/share/doc/distcc/*.txt >/dev/null
cp doc/man/pump.1 doc/README.pump NEWS README COPYING "$D"
