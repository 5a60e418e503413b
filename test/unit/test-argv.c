/* test/unit/test-argv.c - lists of words. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/argv.h"
#include "base/mem.h"

static void assert_words(const struct argv *argv, const char *joined)
{
	autofree char *text = argv_printable(argv);

	assert_string_equal(text, joined);
	if (argv->words)
		assert_null(argv->words[argv->n]);
}

static void words_are_added_inserted_replaced_and_removed(void **state)
{
	autoargv argv = ARGV_INIT;
	char *more[] = { "d", "e", NULL };

	(void)state;
	assert_words(&argv, "");
	argv_add(&argv, "b");
	argv_insert(&argv, 0, "a");
	argv_add_format(&argv, "%c%d", 'c', 3);
	argv_add_all(&argv, more);
	assert_words(&argv, "a b c3 d e");
	argv_replace(&argv, 2, argv.words[2] + 1);
	assert_words(&argv, "a b 3 d e");
	argv_remove(&argv, 1, 2);
	assert_words(&argv, "a d e");
	argv_remove(&argv, 2, 1);
	argv_remove(&argv, 0, 2);
	assert_words(&argv, "");
	assert_int_equal(argv.n, 0);
}

static void a_long_list_grows(void **state)
{
	autoargv argv = ARGV_INIT;

	(void)state;
	for (int i = 0; i < 10000; i++)
		argv_insert(&argv, argv.n / 2, "w");
	assert_int_equal(argv.n, 10000);
	assert_null(argv.words[10000]);
}

/* The rule is distcc's: log readers know it. */
static void a_printed_command_quotes_words_that_a_reader_would_split(void **state)
{
	autoargv argv = ARGV_INIT;
	static const char *const words[] = { "gcc", "", "a b", "t\tt", "n\nn", "q\"q", "s's", "x;y", "-DX=$y|z" };

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		argv_add(&argv, words[i]);
	assert_words(&argv, "gcc \"\" \"a b\" \"t\tt\" \"n\nn\" \"q\"q\" \"s's\" \"x;y\" -DX=$y|z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(words_are_added_inserted_replaced_and_removed),
		CHECK(a_long_list_grows),
		CHECK(a_printed_command_quotes_words_that_a_reader_would_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
