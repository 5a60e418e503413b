/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SOCKS5 as it arrives at the gateway (gateway/socks.c): whole, in pieces, and wrong. */
#include "test/unit/check.h"

#include "gateway/socks.h"

#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1

static void a_greeting_says_whether_no_password_will_do(void **state)
{
	int offers_none = -1;

	(void)state;
	assert_int_equal(socks_greeting_decode(BYTES("\5\1\0"), &offers_none), 3);
	assert_true(offers_none);
	assert_int_equal(socks_greeting_decode(BYTES("\5\2\1\2rest"), &offers_none), 4);
	assert_false(offers_none);
	assert_int_equal(socks_greeting_decode(BYTES("\5\3\1\2\0"), &offers_none), 5);
	assert_true(offers_none);
}

static void a_greeting_in_pieces_waits(void **state)
{
	int offers_none;

	(void)state;
	assert_int_equal(socks_greeting_decode(BYTES("\5"), &offers_none), 0);
	assert_int_equal(socks_greeting_decode(BYTES("\5\2\0"), &offers_none), 0);
}

static void a_greeting_of_another_version_or_without_methods_is_nonsense(void **state)
{
	int offers_none;

	(void)state;
	assert_int_equal(socks_greeting_decode(BYTES("\4\1\0"), &offers_none), -1);
	assert_int_equal(socks_greeting_decode(BYTES("\5\0"), &offers_none), -1);
}

static void every_address_type_becomes_text(void **state)
{
	struct socks_request request;

	(void)state;
	assert_int_equal(socks_request_decode(BYTES("\5\1\0\3\5Farm1\16\60more"), &request), 12);
	assert_int_equal(request.command, 1);
	assert_string_equal(request.host, "farm1");
	assert_int_equal(request.port, 3632);
	assert_int_equal(socks_request_decode(BYTES("\5\1\0\1\177\0\0\1\0\26"), &request), 10);
	assert_string_equal(request.host, "127.0.0.1");
	assert_int_equal(request.port, 22);
	assert_int_equal(socks_request_decode(BYTES("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\16\60"), &request), 22);
	assert_string_equal(request.host, "::1");
}

static void brackets_are_no_part_of_a_name(void **state)
{
	struct socks_request request;

	(void)state;
	assert_int_equal(socks_request_decode(BYTES("\5\1\0\3\5[::1]\16\60"), &request), 12);
	assert_string_equal(request.host, "::1");
}

static void every_shorter_request_waits(void **state)
{
	static const unsigned char whole[] = "\5\1\0\3\5farm1\16\60";
	struct socks_request request;

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		assert_int_equal(socks_request_decode(whole, len, &request), 0);
}

static void a_wrong_version_and_a_nul_in_a_name_are_nonsense(void **state)
{
	struct socks_request request;

	(void)state;
	assert_int_equal(socks_request_decode(BYTES("\4\1\0"), &request), -1);
	assert_int_equal(socks_request_decode(BYTES("\5\1\0\3\5fa\0m1\16\60"), &request), -1);
}

static void an_unknown_address_type_names_nothing(void **state)
{
	struct socks_request request;

	(void)state;
	assert_int_equal(socks_request_decode(BYTES("\5\1\0\11anything"), &request), 4);
	assert_int_equal(request.address_type, 9);
	assert_string_equal(request.host, "");
}

static void a_reply_says_nothing_about_this_machine(void **state)
{
	unsigned char reply[SOCKS_REPLY_LEN];

	(void)state;
	socks_reply_encode(reply, SOCKS_NOT_ALLOWED);
	assert_memory_equal(reply, "\5\2\0\1\0\0\0\0\0\0", SOCKS_REPLY_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_greeting_says_whether_no_password_will_do),
		CHECK(a_greeting_in_pieces_waits),
		CHECK(a_greeting_of_another_version_or_without_methods_is_nonsense),
		CHECK(every_address_type_becomes_text),
		CHECK(brackets_are_no_part_of_a_name),
		CHECK(every_shorter_request_waits),
		CHECK(a_wrong_version_and_a_nul_in_a_name_are_nonsense),
		CHECK(an_unknown_address_type_names_nothing),
		CHECK(a_reply_says_nothing_about_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
