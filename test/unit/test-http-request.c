/* test/unit/test-http-request.c - which requests are answered. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <stdio.h>

#include "gateway/http-request.h"

static int parse(const char *text, struct http_request *request)
{
	return http_request_parse(text, strlen(text), "farm.example", false, request);
}

static void a_whole_head_is_needed(void **state)
{
	static const char head[] = "HEAD /metrics?x=1 HTTP/1.1\r\nhost: localhost:8080\r\nX: y\r\n\r\n";
	struct http_request request;

	(void)state;
	for (size_t len = 0; len < sizeof(head) - 1; len++)
		assert_int_equal(http_request_parse(head, len, NULL, false, &request), 0);
	assert_int_equal(parse(head, &request), HTTP_OK);
	assert_string_equal(request.path, "/metrics");
	assert_true(request.head_only);
	assert_int_equal(parse("GET / HTTP/1.0\r\nHost: [::1]:80\r\n\r\n", &request), HTTP_OK);
	assert_false(request.head_only);
}

static void only_hosts_that_cannot_belong_to_others_are_ours(void **state)
{
	static const struct {
		const char *host;
		int status;
	} rows[] = {
		{ "127.0.0.1", HTTP_OK }, { "127.0.0.1:80", HTTP_OK }, { "192.0.2.1:1", HTTP_OK }, { "[2001:db8::1]", HTTP_OK },
		{ "LOCALHOST:9", HTTP_OK }, { "Farm.Example:9", HTTP_OK }, { "evil.example", HTTP_MISDIRECTED },
		{ "localhost.evil.example", HTTP_MISDIRECTED }, { "127.0.0.1.evil.example", HTTP_MISDIRECTED },
		{ "127.0.0.1:80:80", HTTP_MISDIRECTED }, { "127.0.0.1:x", HTTP_MISDIRECTED }, { "[::1", HTTP_MISDIRECTED },
		{ "[::1]x", HTTP_MISDIRECTED }, { "", HTTP_MISDIRECTED }, { "0x7f.1", HTTP_MISDIRECTED },
	};
	struct http_request request;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", rows[i].host);
		assert_int_equal(parse(text, &request), rows[i].status);
		assert_int_equal(http_request_parse(text, strlen(text), NULL, true, &request), HTTP_OK);
	}
	assert_int_equal(parse("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", &request), HTTP_BAD);
	assert_int_equal(parse("GET / HTTP/1.1\r\nA: b\r\n\r\n", &request), HTTP_BAD);
}

static void what_other_sites_ask_for_is_refused(void **state)
{
	static const struct {
		const char *field;
		int status;
	} rows[] = {
		{ "Sec-Fetch-Site: same-origin", HTTP_OK }, { "Sec-Fetch-Site: none", HTTP_OK },
		{ "Sec-Fetch-Site: cross-site", HTTP_FORBIDDEN }, { "Sec-Fetch-Site: same-site", HTTP_FORBIDDEN },
		{ "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate", HTTP_OK },
		{ "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors", HTTP_FORBIDDEN },
		{ "Origin: http://localhost:80", HTTP_OK }, { "Origin: http://localhost:81", HTTP_FORBIDDEN },
		{ "Origin: null", HTTP_FORBIDDEN }, { "Origin: http://evil.example", HTTP_FORBIDDEN },
	};
	struct http_request request;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: localhost:80\r\n%s\r\n\r\n", rows[i].field);
		assert_int_equal(parse(text, &request), rows[i].status);
	}
}

static void only_short_get_and_head_requests_are_answered(void **state)
{
	char big[HTTP_HEAD_MAX + 10], path[400];
	struct http_request request;

	(void)state;
	assert_int_equal(parse("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", &request), HTTP_METHOD);
	assert_int_equal(parse("get / HTTP/1.1\r\nHost: localhost\r\n\r\n", &request), HTTP_METHOD);
	assert_int_equal(parse("GET / HTTP/2\r\nHost: localhost\r\n\r\n", &request), HTTP_BAD);
	assert_int_equal(parse("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", &request), HTTP_BAD);
	assert_int_equal(parse("GET /\r\n\r\n", &request), HTTP_BAD);
	assert_int_equal(parse("\r\n\r\n", &request), HTTP_BAD);
	assert_int_equal(parse("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n", &request), HTTP_BAD);
	assert_int_equal(http_request_parse("GET /\0 HTTP/1.1\r\n\r\n", 19, NULL, false, &request), HTTP_BAD);
	memset(big, 'a', sizeof(big));
	assert_int_equal(http_request_parse(big, HTTP_HEAD_MAX, NULL, false, &request), HTTP_TOO_LARGE);
	assert_int_equal(http_request_parse(big, sizeof(big), NULL, false, &request), HTTP_TOO_LARGE);
	snprintf(path, sizeof(path), "GET /%.300s HTTP/1.1\r\nHost: localhost\r\n\r\n", big);
	assert_int_equal(parse(path, &request), HTTP_NOT_FOUND);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CHECK(a_whole_head_is_needed),
		CHECK(only_hosts_that_cannot_belong_to_others_are_ours),
		CHECK(what_other_sites_ask_for_is_refused),
		CHECK(only_short_get_and_head_requests_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
