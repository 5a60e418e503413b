/* gateway/http-request.h - the head of an HTTP request, as bytes, and whether we like it. Pure. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_HTTP_REQUEST_H
#define GATEWAY_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_HEAD_MAX = 8192, HTTP_PATH_MAX = 256 };

enum http_status {
	HTTP_OK = 200, HTTP_BAD = 400, HTTP_FORBIDDEN = 403, HTTP_NOT_FOUND = 404,
		HTTP_METHOD = 405, HTTP_MISDIRECTED = 421,
	HTTP_TOO_LARGE = 431, HTTP_UNAVAILABLE = 503
};
const char *http_status_text(enum http_status status);

struct http_request {
	bool head_only;			/* HEAD */
	char path[HTTP_PATH_MAX];	/* without the query */
};

/*
 * 0: more bytes are needed. HTTP_OK with *request; else the status to answer with.
 *
 * Only GET and HEAD. The Host must be an address, localhost, or own_name (which may be NULL): a page
 * from elsewhere can point a name of its own at us, but then that name is in the Host, and it is
 * refused. any_host: the listener is no IP socket, so no browser's page can reach it. What other
 * sites' pages ask for on their visitor's behalf is refused, too.
 */
int http_request_parse(const char *bytes, size_t len, const char *own_name, bool any_host,
		       struct http_request *request);

#endif
