/* test/unit/test-str.c - strings and growing buffers. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <limits.h>

#include "base/mem.h"
#include "base/str.h"

static void a_number_is_the_whole_word_and_within_its_bounds(void **state)
{
	static const struct { const char *text; bool good; int64_t value; } rows[] = {
		{ "0", true, 0 }, { "7", true, 7 }, { "007", true, 7 }, { "-1", true, -1 }, { "100", true, 100 }, { "-5", true, -5 },
		{ "101", false, 0 }, { "-6", false, 0 }, { "", false, 0 }, { "-", false, 0 }, { "+1", false, 0 }, { " 1", false, 0 },
		{ "1 ", false, 0 }, { "1x", false, 0 }, { "0x1", false, 0 }, { "--1", false, 0 }, { NULL, false, 0 },
		{ "99999999999999999999", false, 0 }, { "-99999999999999999999", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t value = 42;

		assert_int_equal(str_to_int(rows[i].text, -5, 100, &value), rows[i].good);
		assert_int_equal(value, rows[i].good ? rows[i].value : 42);
	}
}

static void the_widest_numbers_fit(void **state)
{
	int64_t value;

	(void)state;
	assert_true(str_to_int("9223372036854775807", INT64_MIN, INT64_MAX, &value));
	assert_true(value == INT64_MAX);
	assert_true(str_to_int("-9223372036854775808", INT64_MIN, INT64_MAX, &value));
	assert_true(value == INT64_MIN);
	assert_false(str_to_int("9223372036854775808", INT64_MIN, INT64_MAX, &value));
}

static void beginnings_ends_and_equality(void **state)
{
	(void)state;
	assert_true(str_starts_with("unix:/x", "unix:"));
	assert_true(str_starts_with("a", ""));
	assert_false(str_starts_with("uni", "unix:"));
	assert_true(str_ends_with("a.o", ".o"));
	assert_false(str_ends_with("o", ".o"));
	assert_true(str_equal(NULL, NULL));
	assert_false(str_equal("", NULL));
	assert_false(str_equal(NULL, ""));
	assert_true(str_equal("a", "a"));
}

static void a_copy_is_cut_and_terminated(void **state)
{
	char to[4] = "zzz";

	(void)state;
	str_copy(to, sizeof(to), "abcdef");
	assert_string_equal(to, "abc");
	str_copy(to, 1, "abc");
	assert_string_equal(to, "");
	str_copy(to, sizeof(to), "");
	assert_string_equal(to, "");
}

static void a_foreign_string_is_quoted_escaped_and_cut(void **state)
{
	char longer[300];
	autofree char *plain = str_quote("a b"), *odd = str_quote("it's\\\n\033\x7f\xc3\xa4");
	autofree char *cut = NULL;

	(void)state;
	assert_string_equal(plain, "'a b'");
	assert_string_equal(odd, "'it\\'s\\\\\\012\\033\\177\xc3\xa4'");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	cut = str_quote(longer);
	assert_int_equal(strlen(cut), 200 + 5);
	assert_true(str_ends_with(cut, "x'..."));
}

static void a_buffer_is_terminated_after_every_call(void **state)
{
	autobuf buf = BUF_INIT;
	autofree char *taken = NULL;

	(void)state;
	buf_add(&buf, "", 0);
	assert_string_equal(buf.data, "");
	buf_add(&buf, "a\0b", 3);
	assert_int_equal(buf.len, 3);
	assert_memory_equal(buf.data, "a\0b", 4);
	buf_add_format(&buf, "%d-%s", 7, "");
	assert_memory_equal(buf.data, "a\0b7-", 6);
	buf_remove_front(&buf, 2);
	assert_string_equal(buf.data, "b7-");
	buf_remove_front(&buf, 3);
	assert_string_equal(buf.data, "");
	buf_add_str(&buf, "again");
	buf_clear(&buf);
	assert_string_equal(buf.data, "");
	taken = buf_steal(&buf);
	assert_string_equal(taken, "");
	assert_null(buf.data);
}

static void a_buffer_grows_by_pieces_and_at_once(void **state)
{
	autobuf small = BUF_INIT, large = BUF_INIT;
	static const char block[100000];

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_add(&small, "0123456789", 10);
	assert_int_equal(small.len, 10000);
	assert_memory_equal(small.data + 9990, "0123456789", 11);
	buf_add(&large, block, sizeof(block));
	assert_int_equal(large.len, sizeof(block));
	assert_int_equal(large.data[sizeof(block)], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_number_is_the_whole_word_and_within_its_bounds),
		CHECK(the_widest_numbers_fit),
		CHECK(beginnings_ends_and_equality),
		CHECK(a_copy_is_cut_and_terminated),
		CHECK(a_foreign_string_is_quoted_escaped_and_cut),
		CHECK(a_buffer_is_terminated_after_every_call),
		CHECK(a_buffer_grows_by_pieces_and_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
