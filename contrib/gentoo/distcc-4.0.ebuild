# SPDX-License-Identifier: GPL-2.0-or-later
# Distributed under the terms of the GNU General Public License v2
#
# For an overlay, as sys-devel/distcc/distcc-4.0.ebuild with files/ beside it. The tarball is that of
# "make dist", put into DISTDIR. USE flags are those of 3.4's ebuild; "gateway" and "pump" are new.

EAPI=8

PYTHON_COMPAT=( python3_{10..13} )
inherit autotools python-single-r1 systemd tmpfiles

DESCRIPTION="Distributed compiling that reaches the farm from sandboxes without a network"
HOMEPAGE="https://www.distcc.org/"
SRC_URI="${P}.tar.gz"

LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="~amd64 ~arm64 ~x86"
IUSE="+gateway gssapi gui hardened ipv6 pump +seccomp selinux test xinetd zeroconf"
RESTRICT="fetch !test? ( test )"
REQUIRED_USE="pump? ( ${PYTHON_REQUIRED_USE} )"

# gui: there is no GTK monitor any more; "distcc-gateway --http" has a live page. hardened: the flags that its
# patch kept are kept always. ipv6: always.
DEPEND="
	dev-libs/lzo:2
	dev-libs/popt
	gateway? ( dev-libs/libevent:= )
	gssapi? ( virtual/krb5 )
	pump? ( ${PYTHON_DEPS} )
	seccomp? ( sys-libs/libseccomp )
	zeroconf? ( net-dns/avahi[dbus] )
"
RDEPEND="${DEPEND}
	acct-user/distcc
	>=dev-util/shadowman-4
	sys-devel/gcc-config
	selinux? ( sec-policy/selinux-distcc )
	xinetd? ( sys-apps/xinetd )
"
BDEPEND="
	dev-build/autoconf-archive
	gateway? ( dev-libs/uthash )
	test? ( dev-util/cmocka )
"

pkg_setup() {
	use pump && python-single-r1_pkg_setup
}

src_prepare() {
	default
	eautoreconf
}

src_configure() {
	local myeconfargs=(
		--disable-Werror
		--libdir=/usr/lib
		$(use_enable gateway)
		$(use_enable ipv6 rfc2553)
		$(use_enable pump pump-mode)
		--without-gtk
		--without-gnome
		$(use_with gssapi auth)
		$(use_with seccomp libseccomp)
		$(use_with zeroconf avahi)
	)
	# Portage's own flags harden.
	econf "${myeconfargs[@]}" --disable-hardening
}

src_compile() {
	if use pump; then
		emake
	else
		emake PYTHON=
	fi
}

src_test() {
	emake -j1 distcc-maintainer-check
}

src_install() {
	local python=()
	use pump || python=( PYTHON= )
	emake -j1 DESTDIR="${D}" GZIP_BIN=false "${python[@]}" install

	# the conf.d files have what these would say
	rm -r "${ED}"/etc/default || die
	rm "${ED}"/etc/distcc/clients.allow || die
	rm "${ED}"/etc/distcc/commands.allow.sh || die

	newinitd contrib/openrc/distccd.initd distccd
	newconfd contrib/openrc/distccd.confd distccd
	systemd_newunit "${FILESDIR}"/distccd.service distccd.service
	systemd_install_serviced "${FILESDIR}"/distccd.service.conf distccd.service

	if use gateway; then
		newinitd contrib/openrc/distcc-gateway.initd distcc-gateway
		newconfd contrib/openrc/distcc-gateway.confd distcc-gateway
		systemd_dounit contrib/systemd/distcc-gateway.{service,socket}
		newtmpfiles contrib/systemd/tmpfiles.conf distcc-gateway.conf
		docinto portage
		dodoc contrib/gentoo/{bashrc,make.conf}
	fi

	newenvd "${FILESDIR}"/02distcc 02distcc
	dobin contrib/distcc-config

	if use xinetd; then
		insinto /etc/xinetd.d
		newins contrib/example/xinetd distcc
	fi

	# eselect compiler-shadow fills it. "bin": Portage before 2025-10 looks only there.
	keepdir /usr/lib/distcc
	dosym . /usr/lib/distcc/bin
	insinto /usr/share/shadowman/tools
	newins - distcc <<<"/usr/lib/distcc"
}

pkg_postinst() {
	use gateway && tmpfiles_process distcc-gateway.conf
	if [[ -x ${EROOT}/usr/bin/eselect && -z ${ROOT} ]]; then
		eselect compiler-shadow update distcc
	fi
	elog "Builds reach the farm from Portage's sandbox through the gateway:"
	elog "  servers into /etc/distcc/hosts, rc-service distcc-gateway start, and in make.conf"
	elog "  FEATURES=\"distcc\"  DISTCC_HOSTS=\"unix:/run/distcc-gw/socket\""
	elog "Examples: ${EROOT}/usr/share/doc/${PF}/portage"
}

pkg_prerm() {
	if [[ -z ${REPLACED_BY_VERSION} && -x ${EROOT}/usr/bin/eselect && -z ${ROOT} ]]; then
		eselect compiler-shadow remove distcc
	fi
}
