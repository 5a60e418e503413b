/* test/unit/test-err.c - errors: codes, sentences, prefixes. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <errno.h>

static void the_exit_statuses_are_those_that_build_scripts_know(void **state)
{
	static const struct { enum err_code code; int status; } rows[] = {
		{ ERR_NONE, 0 }, { ERR_FAILED, 100 }, { ERR_USAGE, 101 }, { ERR_BIND, 102 }, { ERR_CONNECT, 103 },
		{ ERR_CRASHED, 104 }, { ERR_MEMORY, 105 }, { ERR_HOSTSPEC, 106 }, { ERR_IO, 107 }, { ERR_TRUNCATED, 108 },
		{ ERR_PROTOCOL, 109 }, { ERR_NO_COMPILER, 110 }, { ERR_RECURSION, 111 }, { ERR_PRIVILEGES, 112 },
		{ ERR_DENIED, 113 }, { ERR_BUSY, 114 }, { ERR_NO_FILE, 115 }, { ERR_NO_HOSTS, 116 }, { ERR_GONE, 117 },
		{ ERR_TIMEOUT, 118 }, { ERR_AUTH, 119 }, { ERR_CPP_LOCAL, 120 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;

		err_set(&err, rows[i].code, "x");
		assert_int_equal(err_exit_status(&err), rows[i].status);
		assert_string_not_equal(err_code_name(rows[i].code), "unknown");
	}
	assert_string_equal(err_code_name((enum err_code)99), "unknown");
}

static void a_system_error_ends_with_its_cause_and_keeps_errno(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&err, ERR_IO, "cannot open '%s'", "f"), -1);
	assert_string_equal(err.text, "cannot open 'f': No such file or directory");
	assert_int_equal(err.sys_errno, ENOENT);
	assert_int_equal(errno, ENOENT);
	err_set(&err, ERR_IO, "other");
	assert_int_equal(err.sys_errno, 0);
}

static void a_prefix_keeps_code_and_sentence(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err_set(&err, ERR_HOSTSPEC, "bad port");
	assert_int_equal(err_prefix(&err, "line %d", 3), -1);
	assert_string_equal(err.text, "line 3: bad port");
	assert_int_equal(err.code, ERR_HOSTSPEC);
}

static void a_sentence_is_cut_and_has_no_control_characters(void **state)
{
	struct err err = ERR_INIT;
	char word[ERR_TEXT_MAX * 2];

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	err_set(&err, ERR_IO, "%s", word);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
	err_prefix(&err, "%s", word);
	assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
	err_set(&err, ERR_IO, "a\nb\033[2Jc\x7f");
	assert_string_equal(err.text, "a?b?[2Jc?");
}

static void nobody_needs_to_want_the_sentence(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_IO, "x"), -1);
	assert_int_equal(err_sys(NULL, ERR_IO, "x"), -1);
	assert_int_equal(err_prefix(NULL, "x"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(the_exit_statuses_are_those_that_build_scripts_know),
		CHECK(a_system_error_ends_with_its_cause_and_keeps_errno),
		CHECK(a_prefix_keeps_code_and_sentence),
		CHECK(a_sentence_is_cut_and_has_no_control_characters),
		CHECK(nobody_needs_to_want_the_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
