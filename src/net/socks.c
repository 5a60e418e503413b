/* net/socks.c - see socks.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/socks.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/sock.h"
#include "base/str.h"

enum { SOCKS_PORT = 1080, NAME_MAX_LEN = 255 };

static int connect_proxy(const char *proxy, struct deadline deadline, int *fd, struct err *err)
{
	autofree struct sock_addr *addrs = NULL;
	struct sock_addr unix_addr;
	autofree char *host = NULL;
	size_t n_addrs = 0;
	int64_t port = SOCKS_PORT;
	const char *colon = strrchr(proxy, ':');

	if (proxy[0] == '/') {
		if (sock_addr_unix(&unix_addr, proxy, err) < 0)
			return -1;
		return sock_connect(&unix_addr, deadline, fd, err);
	}
	if (colon && !str_to_int(colon + 1, 1, 65535, &port))
		return err_set(err, ERR_CONNECT, "bad port in the proxy '%s'", proxy);
	host = colon ? mem_strndup(proxy, (size_t)(colon - proxy)) : mem_strdup(proxy);
	if (sock_resolve(host, (int)port, &addrs, &n_addrs, err) < 0)
		return -1;
	for (size_t i = 0; i < n_addrs; i++)
		if (sock_connect(&addrs[i], deadline, fd, err) == 0)
			return 0;
	return -1;
}

static const char *reply_text(unsigned char code)
{
	static const char *const texts[] = {
		"granted", "general failure", "not allowed: no configured server", "network unreachable", "host unreachable",
		"connection refused", "expired", "command not supported", "address type not supported",
	};

	return code < sizeof(texts) / sizeof(texts[0]) ? texts[code] : "unknown reply";
}

static int left_ms(struct deadline deadline)
{
	return deadline_poll_ms(deadline);
}

int socks_handshake(int fd, const char *name, int port, struct deadline deadline, struct err *err)
{
	unsigned char bytes[NAME_MAX_LEN + 16] = { 5, 1, 0 };
	size_t len = strlen(name), rest;

	if (len > NAME_MAX_LEN)
		return err_set(err, ERR_CONNECT, "a host name of %zu bytes is too long for SOCKS", len);
	if (fd_write_full(fd, bytes, 3, left_ms(deadline), err) < 0 ||
	    fd_read_full(fd, bytes, 2, left_ms(deadline), err) < 0)
		return -1;
	if (bytes[0] != 5 || bytes[1] != 0)
		return err_set(err, ERR_CONNECT, "the proxy wants a method that we do not offer");
	bytes[0] = 5;
	bytes[1] = 1;
	bytes[2] = 0;
	bytes[3] = 3;
	bytes[4] = (unsigned char)len;
	memcpy(bytes + 5, name, len);
	bytes[5 + len] = (unsigned char)(port >> 8);
	bytes[6 + len] = (unsigned char)port;
	if (fd_write_full(fd, bytes, 7 + len, left_ms(deadline), err) < 0 ||
	    fd_read_full(fd, bytes, 6, left_ms(deadline), err) < 0)
		return -1;
	if (bytes[0] != 5 || bytes[1] != 0 || bytes[2] != 0)
		return err_set(err, ERR_CONNECT, "%s", reply_text(bytes[1]));
	/* two bytes of the address are here already, or the length of a name and its first byte */
	if (bytes[3] == 1)
		rest = 4;
	else if (bytes[3] == 4)
		rest = 16;
	else if (bytes[3] == 3)
		rest = (size_t)bytes[4] + 1;
	else
		return err_set(err, ERR_CONNECT, "the proxy answered with address type %u", bytes[3]);
	return fd_read_full(fd, bytes, rest, left_ms(deadline), err);
}

int socks_connect(const char *proxy, const char *name, int port, struct deadline deadline, int *fd,
		  struct err *err)
{
	autoclose int s = -1;

	if (connect_proxy(proxy, deadline, &s, err) < 0 ||
	    socks_handshake(s, name, port, deadline, err) < 0) {
		if (err && err->code != ERR_TIMEOUT)
			err->code = ERR_CONNECT;
		return err_prefix(err, "SOCKS proxy %s, to %s:%d", proxy, name, port);
	}
	*fd = fd_steal(&s);
	return 0;
}
