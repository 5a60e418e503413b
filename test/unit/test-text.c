/* test/unit/test-text.c - whose options, and which kind of text. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "compiler/asm-files.h"
#include "compiler/text.h"

static void names_tell_the_family(void **state)
{
	static const struct { const char *name; enum compiler_family family; } rows[] = {
		{ "gcc", FAMILY_GCC }, { "/usr/bin/g++", FAMILY_GCC }, { "gcc-12", FAMILY_GCC }, { "x86_64-linux-gnu-g++-12.2", FAMILY_GCC },
		{ "arm-none-eabi-gcc", FAMILY_GCC }, { "clang", FAMILY_CLANG }, { "clang++-14", FAMILY_CLANG },
		{ "aarch64-linux-gnu-clang", FAMILY_CLANG }, { "cc", FAMILY_UNKNOWN }, { "c++", FAMILY_UNKNOWN }, { "clang-tidy", FAMILY_UNKNOWN },
		{ "notgcc", FAMILY_UNKNOWN }, { "gcc-ar", FAMILY_UNKNOWN }, { "-12", FAMILY_UNKNOWN }, { "", FAMILY_UNKNOWN }, { "icc", FAMILY_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(family_of_name(rows[i].name), rows[i].family);
}

static void the_best_kind_is_chosen(void **state)
{
	static const struct { enum compiler_family family; struct text_needs needs; enum text_kind kind; } rows[] = {
		{ FAMILY_GCC, { false, false, false, false }, TEXT_DIRECTIVES },
		{ FAMILY_GCC, { false, true, false, false }, TEXT_EXPANDED },
		{ FAMILY_GCC, { false, true, true, false }, TEXT_DIRECTIVES },
		{ FAMILY_GCC, { true, true, true, false }, TEXT_EXPANDED },
		{ FAMILY_CLANG, { false, true, false, false }, TEXT_INCLUDES },
		{ FAMILY_CLANG, { true, false, false, false }, TEXT_EXPANDED },
		{ FAMILY_UNKNOWN, { false, false, true, false }, TEXT_EXPANDED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(text_kind_choose(rows[i].family, &rows[i].needs), rows[i].kind);
}

static void what_depends_on_the_place_is_expanded_here(void **state)
{
	static const struct { enum text_kind kind; bool maps_files; const char *text; bool expand; } rows[] = {
		{ TEXT_DIRECTIVES, false, "int a;\n", false },
		{ TEXT_DIRECTIVES, false, "char *s = __DATE__;\n", true },
		{ TEXT_INCLUDES, false, "char *s = __TIMESTAMP__;\n", true },
		{ TEXT_EXPANDED, false, "char *s = __DATE__;\n", false },
		{ TEXT_DIRECTIVES, false, "char *s = __BASE_FILE__;\n", true },
		{ TEXT_DIRECTIVES, true, "char *s = __FILE__;\n", false },
		{ TEXT_INCLUDES, true, "char *s = __FILE__;\n", true },
		{ TEXT_INCLUDES, false, "char *s = __FILE__;\n", false },
		{ TEXT_INCLUDES, false, "int i = __COUNTER__;\n", true },
		{ TEXT_DIRECTIVES, false, "int i = __COUNTER__;\n", false },
		{ TEXT_DIRECTIVES, false, "#define __GNUC__ 10\nR\"(x)\"\n", true },
		{ TEXT_DIRECTIVES, false, "#define __GNUC__ 12\nR\"(x)\"\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(text_must_be_expanded(rows[i].kind, rows[i].maps_files, rows[i].text, strlen(rows[i].text)), rows[i].expand);
}

static void directives_leave_blanks(void **state)
{
	static const struct { const char *text; bool may_lack; } rows[] = {
		{ "int a;\n       \nint b;\n", true },
		{ "int a;\n \nint b;\n", true },
		{ " \n", true },
		{ "int a;\n/* x */       \nint b;\n", true },
		{ "/* x\n*/ \n", true },
		{ "int a;\n        int b; \n\n", false },
		{ "int a; \nint b; /* c */\n", false },
		{ "\n       \n# 39 \"/usr/include/c++/12/new\" 3\nint a;\n", false },
		{ "\n       \n# 39 \"/usr/include/x.h\" 3 4\nint a;\n", false },
		{ "\n       \n# 1 \"a.h\" 1 3\nint a;\n", true },
		{ "\n       \n# 39 \"a\" 3\n       \nint a;\n", true },
		{ "\n       \n# 39 \"a\" 3", true },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(text_may_lack_directives(rows[i].text, strlen(rows[i].text)), rows[i].may_lack);
}

static void messages_of_expanded_text_are_doubtful(void **state)
{
	static const char warning[] = "a.c:3:2: warning: this statement may fall through", error[] = "a.c:3:2: error: x [-Werror=y]",
			  mistake[] = "a.c:1:1: error: no";

	(void)state;
	assert_true(text_messages_are_doubtful(FAMILY_GCC, TEXT_EXPANDED, false, warning, strlen(warning)));
	assert_true(text_messages_are_doubtful(FAMILY_GCC, TEXT_EXPANDED, true, error, strlen(error)));
	assert_false(text_messages_are_doubtful(FAMILY_GCC, TEXT_EXPANDED, true, mistake, strlen(mistake)));
	assert_false(text_messages_are_doubtful(FAMILY_GCC, TEXT_EXPANDED, false, NULL, 0));
	assert_false(text_messages_are_doubtful(FAMILY_GCC, TEXT_DIRECTIVES, false, warning, strlen(warning)));
	assert_false(text_messages_are_doubtful(FAMILY_CLANG, TEXT_EXPANDED, false, warning, strlen(warning)));
}

static void files_for_the_assembler_are_seen(void **state)
{
	static const struct {
		const char *text;
		bool expanded, unexpanded;
	} rows[] = {
		{ "asm(\".incbin \\\"x\\\"\");", true, true },
		{ "__asm__ volatile (\"nop\\n\"\n\".include \" \"\\\"x\\\"\" : : \"r\" (f()));", true, true },
		{ "asm(R\"x(\n.incbin \"y\")x\");", true, true },
		{ "long n = 1'000; asm(\".incbin\\t\\\"x\\\"\");", true, true },
		{ "int c = '\"'; asm goto (\".incbin \\\"x\\\"\");", true, true },
		{ "#error can't\nasm(\".incbin \\\"x\\\"\");", true, true },
		{ "asm_inline(\".incbin \\\"x\\\"\");", false, true },
		{ "asm(\"nop\"); char *word = \".incbin \";", false, true },
		{ "asm(\".includes\");", false, false },
		{ "#include <x>\nx.include = 1;", false, false },
		{ "/* asm(\".incbin \") */ // asm(\".include \")\nint i;", false, false },
		{ "asm(\".incbin", false, false },
		{ "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(asm_reads_files(rows[i].text, strlen(rows[i].text), true), rows[i].expanded);
		assert_int_equal(asm_reads_files(rows[i].text, strlen(rows[i].text), false), rows[i].unexpanded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(names_tell_the_family),
		CHECK(the_best_kind_is_chosen),
		CHECK(what_depends_on_the_place_is_expanded_here),
		CHECK(directives_leave_blanks),
		CHECK(messages_of_expanded_text_are_doubtful),
		CHECK(files_for_the_assembler_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
