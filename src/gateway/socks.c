/* gateway/socks.c - see socks.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/socks.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <sys/socket.h>

enum { VERSION = 5, METHOD_NONE = 0, TYPE_IPV4 = 1, TYPE_NAME = 3, TYPE_IPV6 = 4, HEAD_LEN = 4, PORT_LEN = 2 };

ssize_t socks_greeting_decode(const unsigned char *in, size_t len, int *offers_none)
{
	if (len < 2)
		return 0;
	if (in[0] != VERSION || in[1] == 0)
		return -1;
	if (len < (size_t)in[1] + 2)
		return 0;
	*offers_none = memchr(in + 2, METHOD_NONE, in[1]) != NULL;
	return in[1] + 2;
}

/* "[::1]" and "FARM1" as they stand in a host list: without brackets, in lower case. */
static void take_name(char *to, const char *from, size_t len)
{
	if (len >= 2 && from[0] == '[' && from[len - 1] == ']') {
		from++;
		len -= 2;
	}
	for (size_t i = 0; i < len; i++)
		to[i] = (char)tolower((unsigned char)from[i]);
	to[len] = '\0';
}

ssize_t socks_request_decode(const unsigned char *in, size_t len, struct socks_request *request)
{
	size_t address_len, at = HEAD_LEN;

	memset(request, 0, sizeof(*request));
	if (len && in[0] != VERSION)
		return -1;
	if (len < HEAD_LEN + 1)
		return 0;
	request->command = in[1];
	request->address_type = in[3];
	switch (in[3]) {
	case TYPE_IPV4:
		address_len = 4;
		break;
	case TYPE_IPV6:
		address_len = 16;
		break;
	case TYPE_NAME:
		address_len = in[at++];
		break;
	default:
		return HEAD_LEN;
	}
	if (len < at + address_len + PORT_LEN)
		return 0;
	if (in[3] == TYPE_NAME) {
		if (memchr(in + at, 0, address_len))
			return -1;
		take_name(request->host, (const char *)in + at, address_len);
	} else {
		inet_ntop(in[3] == TYPE_IPV4 ? AF_INET : AF_INET6, in + at, request->host,
			  sizeof(request->host));
	}
	at += address_len;
	request->port = in[at] << 8 | in[at + 1];
	return (ssize_t)(at + PORT_LEN);
}

void socks_reply_encode(unsigned char out[SOCKS_REPLY_LEN], enum socks_reply code)
{
	memset(out, 0, SOCKS_REPLY_LEN);
	out[0] = VERSION;
	out[1] = (unsigned char)code;
	out[3] = TYPE_IPV4;
}
