/* net/socks.h - SOCKS5 CONNECT, as Portage's proxy and the gateway speak it (RFC 1928). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SOCKS_H
#define NET_SOCKS_H

#include "base/clock.h"
#include "base/err.h"

/* proxy: "/path" of a unix socket, "host" or "host:port" (1080). The name always goes as a domain.
 * Bytes exactly as Gentoo's patched client sends them: 05 01 00, then 05 01 00 03 LEN NAME PORT. */
int socks_connect(const char *proxy, const char *name, int port, struct deadline deadline, int *fd,
		  struct err *err);

/* The same over a connection to the proxy. */
int socks_handshake(int fd, const char *name, int port, struct deadline deadline, struct err *err);

#endif
