/* test/fuzz/fuzz-http.c - the head of an HTTP request to the gateway; the first byte: who listens. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "gateway/http-request.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_request request;
	int status;

	if (!len)
		return 0;
	memset(&request, 'x', sizeof(request));
	status = http_request_parse((const char *)data + 1, len - 1, data[0] & 1 ? "build7" : NULL, data[0] & 2, &request);
	if (status == HTTP_OK) {
		claim(request.path[0] == '/' && memchr(request.path, 0, sizeof(request.path)));
		claim(!strchr(request.path, '?'));
	}
	/* a head that is too long never waits for more */
	claim(status != 0 || len - 1 <= HTTP_HEAD_MAX);
	claim(status == 0 || status == HTTP_OK || status >= 400);
	return 0;
}
