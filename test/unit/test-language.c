/* test/unit/test-language.c - what names and -x say about a source. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "compiler/language.h"

/* distcc's table of extensions: what is a source, what is preprocessed, and what it becomes. */
static void extensions_mean_what_they_mean_to_distcc(void **state)
{
	static const struct { const char *name; bool distributable, preprocessed; const char *extension; } rows[] = {
		{ "a.c", true, false, ".i" }, { "a.i", true, true, ".i" }, { "a.cc", true, false, ".ii" }, { "a.cpp", true, false, ".ii" },
		{ "a.cxx", true, false, ".ii" }, { "a.cp", true, false, ".ii" }, { "a.c++", true, false, ".ii" }, { "a.C", true, false, ".ii" },
		{ "a.ii", true, true, ".ii" }, { "a.m", true, false, ".mi" }, { "a.mi", true, true, ".mi" }, { "a.mm", true, false, ".mii" },
		{ "a.M", true, false, ".mii" }, { "a.mii", true, true, ".mii" }, { "a.s", false, false, NULL }, { "a.S", false, false, NULL },
		{ "a.1.2.i", true, true, ".i" }, { "d.d/a.c", true, false, ".i" },
		{ "a.CC", false, false, NULL }, { "a.CPP", false, false, NULL }, { "a.hpp", false, false, NULL }, { "a.h", false, false, NULL },
		{ "a.go", false, false, NULL }, { "a.f90", false, false, NULL }, { "a.d", false, false, NULL }, { "a.cu", false, false, NULL },
		{ "a", false, false, NULL }, { "a.", false, false, NULL }, { "d.c/a", false, false, NULL }, { ".c", false, false, NULL }, { "", false, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum language language = language_of_file(rows[i].name);

		if (language_is_distributable(language) != rows[i].distributable || language_is_preprocessed(language) != rows[i].preprocessed)
			fail_msg("'%s' is language %d", rows[i].name, language);
		if (rows[i].extension)
			assert_string_equal(language_preprocessed_extension(language), rows[i].extension);
	}
}

static void sources_of_other_compilers_are_known(void **state)
{
	(void)state;
	assert_string_equal(language_foreign("src/solve.f90"), "Fortran");
	assert_string_equal(language_foreign("lib.rs"), "Rust");
	assert_null(language_foreign("a.c"));
	assert_null(language_foreign("a.o"));
	assert_null(language_foreign("rs"));
}

static void every_language_has_one_name_for_x(void **state)
{
	(void)state;
	for (enum language language = LANG_C; language <= LANG_ASSEMBLER_CPP; language++) {
		assert_non_null(language_x_name(language));
		assert_int_equal(language_of_x(language_x_name(language)), language);
	}
	assert_null(language_x_name(LANG_NONE));
	assert_int_equal(language_of_x("none"), LANG_NONE);
	assert_int_equal(language_of_x("c++-header"), LANG_NONE);
	assert_string_equal(language_x_name(language_preprocessed(LANG_CXX)), "c++-cpp-output");
	assert_string_equal(language_x_name(language_preprocessed(LANG_C)), "cpp-output");
	assert_int_equal(language_preprocessed(LANG_OBJC_CPP), LANG_OBJC_CPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(extensions_mean_what_they_mean_to_distcc),
		CHECK(sources_of_other_compilers_are_known),
		CHECK(every_language_has_one_name_for_x),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
