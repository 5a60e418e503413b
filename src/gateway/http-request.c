/* gateway/http-request.c - see http-request.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/http-request.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { HOST_MAX = 256 };

const char *http_status_text(enum http_status status)
{
	switch (status) {
	case HTTP_OK: return "OK";
	case HTTP_BAD: return "Bad Request";
	case HTTP_FORBIDDEN: return "Forbidden";
	case HTTP_NOT_FOUND: return "Not Found";
	case HTTP_METHOD: return "Method Not Allowed";
	case HTTP_MISDIRECTED: return "Misdirected Request";
	case HTTP_TOO_LARGE: return "Request Header Fields Too Large";
	case HTTP_UNAVAILABLE: return "Service Unavailable";
	}
	return "Error";
}

/* "host", "host:port", "[address]:port": the host alone. False for what is none of them. */
static bool cut_port(const char *value, char host[HOST_MAX])
{
	size_t len = value[0] == '[' ? strcspn(value, "]") : strcspn(value, ":");
	const char *rest = value + len + (value[0] == '[' && value[len]);

	if (!len || len >= HOST_MAX || (value[0] == '[' && !value[len]) ||
	    (*rest && (*rest != ':' || strspn(rest + 1, "0123456789") != strlen(rest + 1))))
		return false;
	memcpy(host, value + (value[0] == '['), len - (value[0] == '['));
	host[len - (value[0] == '[')] = '\0';
	return true;
}

static bool host_is_ours(const char *value, const char *own_name)
{
	unsigned char address[16];
	char host[HOST_MAX];

	return cut_port(value, host) &&
	       (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1 ||
		strcasecmp(host, "localhost") == 0 ||
		(own_name && strcasecmp(host, own_name) == 0));
}

/* An Origin is "null" or "scheme://host[:port]". */
static bool origin_is_host(const char *origin, const char *host)
{
	const char *at = strstr(origin, "://");

	return at && strcasecmp(at + 3, host) == 0;
}

static int take_request_line(char *line, struct http_request *request)
{
	char *path = strchr(line, ' '), *version = path ? strchr(path + 1, ' ') : NULL;

	if (!version || (strcmp(version, " HTTP/1.1") != 0 && strcmp(version, " HTTP/1.0") != 0))
		return HTTP_BAD;
	*path++ = *version = '\0';
	if (strcmp(line, "GET") != 0 && strcmp(line, "HEAD") != 0)
		return HTTP_METHOD;
	request->head_only = line[0] == 'H';
	path[strcspn(path, "?")] = '\0';
	if (path[0] != '/')
		return HTTP_BAD;
	if (strlen(path) >= sizeof(request->path))
		return HTTP_NOT_FOUND;
	str_copy(request->path, sizeof(request->path), path);
	return HTTP_OK;
}

struct fields {				/* NULL: not there */
	const char *host, *origin, *site, *mode, *body;
	bool twice;
};

static void take_field(char *line, struct fields *fields)
{
	const struct {
		const char *name;
		const char **value;
	} known[] = {
		{ "Host", &fields->host }, { "Origin", &fields->origin }, { "Sec-Fetch-Site", &fields->site },
		{ "Sec-Fetch-Mode", &fields->mode },
		{ "Content-Length", &fields->body }, { "Transfer-Encoding", &fields->body },
	};
	char *colon = strchr(line, ':'), *end;

	if (!colon)
		return;
	*colon++ = '\0';
	colon += strspn(colon, " \t");
	for (end = colon + strlen(colon); end > colon && (end[-1] == ' ' || end[-1] == '\t');)
		*--end = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(line, known[i].name) != 0)
			continue;
		fields->twice |= *known[i].value != NULL;
		*known[i].value = colon;
	}
}

static int judge(const struct fields *fields, const char *own_name, bool any_host)
{
	if (!fields->host || fields->twice || (fields->body && strcmp(fields->body, "0") != 0))
		return HTTP_BAD;
	if (!any_host && !host_is_ours(fields->host, own_name))
		return HTTP_MISDIRECTED;
	/* "none": the visitor typed the address. Following a link shows the visitor something, and the
	 * other site nothing. */
	if (fields->site && strcmp(fields->site, "same-origin") != 0 && strcmp(fields->site, "none") != 0 &&
	    !str_equal(fields->mode, "navigate"))
		return HTTP_FORBIDDEN;
	if (fields->origin && !origin_is_host(fields->origin, fields->host))
		return HTTP_FORBIDDEN;
	return HTTP_OK;
}

int http_request_parse(const char *bytes, size_t len, const char *own_name, bool any_host,
		       struct http_request *request)
{
	struct fields fields = { .twice = false };
	char head[HTTP_HEAD_MAX + 1], *line = head, *end;
	int status;

	if (len > HTTP_HEAD_MAX)
		return HTTP_TOO_LARGE;
	memcpy(head, bytes, len);
	head[len] = '\0';
	if (memchr(head, 0, len))
		return HTTP_BAD;
	end = strstr(head, "\r\n\r\n");
	if (!end)
		return len == HTTP_HEAD_MAX ? HTTP_TOO_LARGE : 0;
	end[2] = '\0';
	for (bool first = true; *line; first = false) {
		char *next = strstr(line, "\r\n");

		*next = '\0';
		if (first) {
			status = take_request_line(line, request);
			if (status != HTTP_OK)
				return status;
		} else {
			take_field(line, &fields);
		}
		line = next + 2;
	}
	return line == head + 2 ? HTTP_BAD : judge(&fields, own_name, any_host);
}
