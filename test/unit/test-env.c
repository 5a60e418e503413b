/* test/unit/test-env.c - environment variables: empty means unset. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <limits.h>

#include "base/env.h"

static void empty_means_unset(void **state)
{
	(void)state;
	unsetenv("CHECK_X");
	assert_null(env_get("CHECK_X"));
	setenv("CHECK_X", "", 1);
	assert_null(env_get("CHECK_X"));
	setenv("CHECK_X", " ", 1);
	assert_string_equal(env_get("CHECK_X"), " ");
}

static void a_switch_is_1_or_0_and_all_else_the_default(void **state)
{
	static const struct { const char *text; bool otherwise, value; } rows[] = {
		{ "1", false, true }, { "0", true, false }, { "", true, true }, { "", false, false }, { "yes", true, true },
		{ "yes", false, false }, { "01", false, false }, { "2", true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setenv("CHECK_X", rows[i].text, 1);
		assert_int_equal(env_bool("CHECK_X", rows[i].otherwise), rows[i].value);
	}
}

static void a_number_is_whole_or_the_default(void **state)
{
	static const struct { const char *text; int value; } rows[] = {
		{ "5", 5 }, { "-3", -3 }, { "0", 0 }, { "", 60 }, { "5s", 60 }, { "x", 60 }, { "2147483647", INT_MAX }, { "2147483648", 60 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setenv("CHECK_X", rows[i].text, 1);
		assert_int_equal(env_int("CHECK_X", 60), rows[i].value);
	}
}

static void temporary_files_go_to_tmpdir_else_to_tmp(void **state)
{
	(void)state;
	setenv("TMPDIR", "/var/tmp", 1);
	assert_string_equal(env_tmpdir(), "/var/tmp");
	setenv("TMPDIR", "", 1);
	assert_string_equal(env_tmpdir(), "/tmp");
	unsetenv("TMPDIR");
	assert_string_equal(env_tmpdir(), "/tmp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(empty_means_unset),
		CHECK(a_switch_is_1_or_0_and_all_else_the_default),
		CHECK(a_number_is_whole_or_the_default),
		CHECK(temporary_files_go_to_tmpdir_else_to_tmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
