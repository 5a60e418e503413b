/* test/unit/test-via.c - no job goes in a circle of gateways. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "gateway/via.h"
#include "wire/lease.h"

static void its_own_name_is_a_loop_wherever_it_stands(void **state)
{
	(void)state;
	assert_false(via_is_loop("a", "b"));
	assert_false(via_is_loop("a,bb,c", "b"));
	assert_true(via_is_loop("b", "b"));
	assert_true(via_is_loop("b,a", "b"));
	assert_true(via_is_loop("a,b,c", "b"));
	assert_true(via_is_loop("a,b", "b"));
	assert_false(via_is_loop(NULL, "b"));
}

static void too_many_hops_are_a_loop(void **state)
{
	(void)state;
	assert_false(via_is_loop("1,2,3,4,5,6,7", "b"));
	assert_true(via_is_loop("1,2,3,4,5,6,7,8", "b"));
	assert_true(via_is_loop(",,,,,,,", "b"));
}

static void the_message_adds_our_name_at_the_end(void **state)
{
	static const struct { const char *before, *after; } rows[] = { { NULL, "own" }, { "x", "x,own" }, { "x,y", "x,y,own" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autolease message = LEASE_MESSAGE_INIT;
		autobuf out = BUF_INIT;
		struct err err = ERR_INIT;
		size_t n_used;

		via_add_message(&out, rows[i].before, "own");
		assert_int_equal(lease_decode(out.data, out.len, &n_used, &message, &err), 1);
		assert_int_equal(n_used, out.len);
		assert_int_equal(message.token, LEASE_HOPS);
		assert_string_equal(lease_get(&message, "names"), rows[i].after);
	}
}

static void names_are_not_the_same_twice(void **state)
{
	char one[VIA_NAME_LEN + 1], two[VIA_NAME_LEN + 1];

	(void)state;
	via_make_name(one);
	via_make_name(two);
	assert_int_equal(strlen(one), VIA_NAME_LEN);
	assert_string_not_equal(one, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(its_own_name_is_a_loop_wherever_it_stands),
		CHECK(too_many_hops_are_a_loop),
		CHECK(the_message_adds_our_name_at_the_end),
		CHECK(names_are_not_the_same_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
