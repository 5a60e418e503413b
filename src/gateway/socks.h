/* gateway/socks.h - SOCKS5 requests (RFC 1928), as Gentoo's patched client sends them. Pure. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SOCKS_H
#define GATEWAY_SOCKS_H

#include <stddef.h>
#include <sys/types.h>

enum socks_reply {
	SOCKS_GRANTED = 0, SOCKS_NOT_ALLOWED = 2, SOCKS_BAD_COMMAND = 7, SOCKS_BAD_ADDRESS = 8
};

enum { SOCKS_REPLY_LEN = 10, SOCKS_NAME_MAX = 255 };

/* "05 N METHODS": the bytes it takes, 0 for more, -1 for nonsense; *offers_none says whether 00 is among them. */
ssize_t socks_greeting_decode(const unsigned char *in, size_t len, int *offers_none);

struct socks_request {
	unsigned char command, address_type;
	char host[SOCKS_NAME_MAX + 1];		/* as text, for all address types; no brackets, lower case */
	int port;
};
/* The bytes it takes, 0 for more, -1 for nonsense (version, NUL in a name). An address type that
 * is not known takes 4 bytes and leaves host empty. */
ssize_t socks_request_decode(const unsigned char *in, size_t len, struct socks_request *request);

/* A reply with the address 0.0.0.0:0, which says nothing about this machine. */
void socks_reply_encode(unsigned char out[SOCKS_REPLY_LEN], enum socks_reply code);

#endif
