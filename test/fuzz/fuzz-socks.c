/* test/fuzz/fuzz-socks.c - what a peer may say to the gateway as to a SOCKS5 proxy. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "gateway/socks.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct socks_request request;
	int offers_none = 0;
	ssize_t n = socks_greeting_decode(data, len, &offers_none);

	claim(n >= -1 && n <= (ssize_t)len);
	if (n > 0) {
		data += n;
		len -= (size_t)n;
	}
	n = socks_request_decode(data, len, &request);
	claim(n >= -1 && n <= (ssize_t)len);
	claim(memchr(request.host, 0, sizeof(request.host)));
	claim(n <= 0 || (request.port >= 0 && request.port <= 65535));
	return 0;
}
