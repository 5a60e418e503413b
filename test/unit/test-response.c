/* test/unit/test-response.c - response files: quoting, nesting, limits. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "compiler/response.h"

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Words shown as <word>. */
static void assert_words(const struct argv *argv, size_t first, const char *expected)
{
	char shown[1024] = "";

	for (size_t i = first; i < argv->n; i++)
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), "<%s>", argv->words[i]);
	assert_string_equal(shown, expected);
}

static const struct { const char *text, *words; } rows[] = {
	{ "", "" }, { " \n\t ", "" }, { "-c a.c", "<-c><a.c>" }, { "\n-c\n\na.c\n", "<-c><a.c>" },
	{ "'a b'", "<a b>" }, { "\"a b\"c", "<a bc>" }, { "a' 'b", "<a b>" }, { "''", "<>" }, { "\"\" x", "<><x>" },
	{ "a\\ b", "<a b>" }, { "\\\"", "<\">" }, { "\"\\\"\"", "<\">" }, { "'\\''", "<'>" }, { "'\"'", "<\">" },
	{ "-DX='\"two words\"'", "<-DX=\"two words\">" }, { "te\\xt.c", "<text.c>" }, { "'open", "<open>" }, { "end\\", "<end>" },
};

static void quoting_is_that_of_gnu(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autoargv words = ARGV_INIT;

		response_split(rows[i].text, strlen(rows[i].text), &words);
		assert_words(&words, 0, rows[i].words);
	}
}

static bool expand(const char *first, const char *second, struct argv *out)
{
	autoargv command = ARGV_INIT;

	argv_add(&command, "gcc");
	argv_add(&command, first);
	argv_add(&command, second);
	assert_true(response_is_used(&command));
	return response_expand(&command, out);
}

static void files_may_name_files(void **state)
{
	autoargv out = ARGV_INIT;

	(void)state;
	write_file("inner", "-O2 'x y'");
	write_file("outer", "-c @inner -g");
	assert_true(expand("@outer", "a.c", &out));
	assert_words(&out, 0, "<gcc><-c><-O2><x y><-g><a.c>");
}

static void what_cannot_be_read_stays_a_word(void **state)
{
	autoargv out = ARGV_INIT;

	(void)state;
	assert_true(expand("@absent", "@.", &out));
	assert_words(&out, 1, "<@absent><@.>");
}

static void a_circle_ends(void **state)
{
	autoargv out = ARGV_INIT;

	(void)state;
	write_file("loop", "@loop @loop");
	assert_false(expand("@loop", "a.c", &out));
}

static void more_than_a_command_line_is_too_much(void **state)
{
	autoargv out = ARGV_INIT;
	FILE *file = fopen("big", "w");

	(void)state;
	for (int i = 0; i < 200000; i++)
		fputs("-DNAME ", file);
	fclose(file);
	assert_false(expand("@big", "a.c", &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(quoting_is_that_of_gnu),
		CHECK_IN_DIR(files_may_name_files),
		CHECK_IN_DIR(what_cannot_be_read_stays_a_word),
		CHECK_IN_DIR(a_circle_ends),
		CHECK_IN_DIR(more_than_a_command_line_is_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
