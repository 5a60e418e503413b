/* test/unit/test-options.c - the table of compiler options: no row hides another, and each can be reached. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/mem.h"
#include "base/str.h"
#include "compiler/options.h"

static struct option_match find(const char *word, const char *next)
{
	char *words[] = { (char *)(uintptr_t)word, (char *)(uintptr_t)next, NULL };

	return option_find(words);
}

static void assert_row(const char *word, const char *next, const struct option_row *row)
{
	struct option_match match = find(word, next);

	if (match.row != row)
		fail_msg("'%s' reaches row '%s' (form %d), not '%s' (form %d)", word, match.row ? match.row->name : "none",
			 match.row ? (int)match.row->form : -1, row->name, row->form);
}

static void every_row_is_reached_by_its_own_spelling(void **state)
{
	size_t n;
	const struct option_row *rows = option_rows(&n);

	(void)state;
	assert_true(n > 100);
	for (size_t i = 0; i < n; i++) {
		autofree char *joined = str_format("%szz", rows[i].name);

		switch (rows[i].form) {
		case OPTION_EXACT:
			assert_row(rows[i].name, NULL, &rows[i]);
			break;
		case OPTION_PREFIX:
		case OPTION_JOINED:
			assert_row(joined, NULL, &rows[i]);
			break;
		case OPTION_SEPARATE:
			assert_row(rows[i].name, "next", &rows[i]);
			break;
		case OPTION_EITHER:
			assert_row(rows[i].name, "next", &rows[i]);
			assert_row(joined, NULL, &rows[i]);
			break;
		}
	}
}

static void no_name_stands_twice_but_for_its_exact_form(void **state)
{
	size_t n;
	const struct option_row *rows = option_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_true(rows[i].name[0] == '-' && rows[i].name[1]);
		for (size_t j = i + 1; j < n; j++)
			if (strcmp(rows[i].name, rows[j].name) == 0 && (rows[i].form == OPTION_EXACT) == (rows[j].form == OPTION_EXACT))
				fail_msg("'%s' stands twice", rows[i].name);
	}
}

static void what_must_run_here_says_why(void **state)
{
	size_t n;
	const struct option_row *rows = option_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		if (rows[i].meaning & (OPT_LOCAL | OPT_LTO | OPT_GCC_ONLY) && !(rows[i].reason && *rows[i].reason))
			fail_msg("'%s' has no reason", rows[i].name);
}

static void arguments_are_found_where_they_stand(void **state)
{
	static const struct { const char *word, *next, *name, *argument; size_t n_words; } cases[] = {
		{ "-Ia", "b", "-I", "a", 1 }, { "-I", "b", "-I", "b", 2 }, { "-I", NULL, "-I", NULL, 2 }, { "-I", "-c", "-I", "-c", 2 },
		{ "-include", "x.h", "-include", "x.h", 2 }, { "-oa.o", "b", "-o", "a.o", 1 }, { "-o", "a.o", "-o", "a.o", 2 },
		{ "-c", "x", "-c", NULL, 1 }, { "-std=c99", "x", "-std=", "c99", 1 }, { "--param", "x=1", "--param", "x=1", 2 },
		{ "--param=x", "y", "--param=", "x", 1 }, { "-MFd", "y", "-MF", "d", 1 }, { "-isystem", "d", "-isystem", "d", 2 },
		{ "-isystemd", "y", "-isystem", "d", 1 }, { "-Wl,-x", "y", "-Wl,", "-x", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct option_match match = find(cases[i].word, cases[i].next);

		assert_non_null(match.row);
		assert_string_equal(match.row->name, cases[i].name);
		assert_int_equal(match.n_words, cases[i].n_words);
		assert_true(str_equal(match.argument, cases[i].argument));
	}
}

static void the_longest_name_wins_and_strangers_have_no_row(void **state)
{
	static const struct { const char *word, *name; } cases[] = {
		{ "-g", "-g" }, { "-gz", "-g" }, { "-gsplit-dwarf", "-gsplit-dwarf" }, { "-ffoo", "-f" }, { "-fplugin=x", "-fplugin" },
		{ "-fdump-tree-all", "-fdump-" }, { "-Wall", "-W" }, { "-Wa,-a", "-Wa,", }, { "-MD", "-MD" }, { "-MDx", "-M" }, { "-pedantic", "-pedantic" },
	};
	static const char *const strangers[] = { "-pedantics", "-cc1", "--", "-nosuch", "-std=", "-static-x", "--param=" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct option_match match = find(cases[i].word, NULL);

		assert_non_null(match.row);
		assert_string_equal(match.row->name, cases[i].name);
	}
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct option_match match = find(strangers[i], "next");

		if (match.row)
			fail_msg("'%s' has the row '%s'", strangers[i], match.row->name);
		assert_int_equal(match.n_words, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(every_row_is_reached_by_its_own_spelling),
		CHECK(no_name_stands_twice_but_for_its_exact_form),
		CHECK(what_must_run_here_says_why),
		CHECK(arguments_are_found_where_they_stand),
		CHECK(the_longest_name_wins_and_strangers_have_no_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
