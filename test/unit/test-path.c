/* test/unit/test-path.c - file names as text, and finding programs. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

static void the_parts_of_a_name(void **state)
{
	static const struct { const char *path, *base, *extension, *dir; } rows[] = {
		{ "a.c", "a.c", ".c", "." }, { "/a.c", "a.c", ".c", "/" }, { "d/a.tar.gz", "a.tar.gz", ".gz", "d" },
		{ "d.d/a", "a", NULL, "d.d" }, { ".foo", ".foo", NULL, "." }, { "d/.foo", ".foo", NULL, "d" }, { "a.", "a.", NULL, "." },
		{ "/usr/bin/", "/usr/bin/", NULL, "/usr/bin" }, { "", "", NULL, "." }, { "a.1.2.i", "a.1.2.i", ".i", "." },
		{ "..", "..", NULL, "." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofree char *dir = path_dir(rows[i].path);

		assert_string_equal(path_base(rows[i].path), rows[i].base);
		if (rows[i].extension)
			assert_string_equal(path_extension(rows[i].path), rows[i].extension);
		else
			assert_null(path_extension(rows[i].path));
		assert_string_equal(dir, rows[i].dir);
	}
}

static void an_extension_is_replaced_or_appended(void **state)
{
	static const struct { const char *path, *result; } rows[] = {
		{ "a.c", "a.o" }, { "a", "a.o" }, { "d.d/a", "d.d/a.o" }, { "a.b.c", "a.b.o" }, { ".x", ".x.o" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofree char *result = path_with_extension(rows[i].path, ".o");

		assert_string_equal(result, rows[i].result);
	}
}

static void an_absolute_name_has_no_dots_and_no_double_slashes(void **state)
{
	static const struct { const char *path, *result; } rows[] = {
		{ "/", "/" }, { "/a//b/./c/", "/a/b/c" }, { "/a/../b", "/b" }, { "/../..", "/" }, { "/a/..b/...", "/a/..b/..." },
	};
	autofree char *relative = path_absolute("x/../y"), *expected = path_join(check_dir, "y");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofree char *result = path_absolute(rows[i].path);

		assert_string_equal(result, rows[i].result);
	}
	assert_string_equal(relative, expected);
}

static void make_file(const char *path, mode_t mode)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	assert_true(fd >= 0);
}

static bool skip_first(const char *dir, const char *file, void *context)
{
	assert_string_equal(context, "context");
	assert_true(str_starts_with(file, dir));
	return strcmp(dir, "one") == 0;
}

static void a_program_is_the_first_executable_file_on_the_list(void **state)
{
	autofree char *first = NULL, *skipped = NULL, *here = NULL, *none = NULL, *empty = NULL;

	(void)state;
	assert_int_equal(mkdir("one", 0755) | mkdir("two", 0755) | mkdir("dir", 0755) | mkdir("dir/cc", 0755), 0);
	make_file("one/cc", 0755);
	make_file("two/cc", 0755);
	make_file("two/text", 0644);
	make_file("here", 0755);
	first = path_find_program("cc", "missing:dir:one:two", NULL, NULL);
	assert_string_equal(first, "one/cc");		/* dir/cc is a directory */
	skipped = path_find_program("cc", "one:two", skip_first, "context");
	assert_string_equal(skipped, "two/cc");
	here = path_find_program("here", "one::two", NULL, NULL);
	assert_string_equal(here, "./here");
	none = path_find_program("text", "one:two", NULL, NULL);
	assert_null(none);				/* is not executable */
	empty = path_find_program("cc", "", NULL, NULL);
	assert_null(empty);
}

static void without_a_path_nothing_is_found(void **state)
{
	autofree char *found = NULL, *saved = mem_strdup(getenv("PATH"));

	(void)state;
	unsetenv("PATH");
	found = path_find_program("sh", NULL, NULL, NULL);
	if (saved)
		setenv("PATH", saved, 1);
	assert_null(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(the_parts_of_a_name),
		CHECK(an_extension_is_replaced_or_appended),
		CHECK_IN_DIR(an_absolute_name_has_no_dots_and_no_double_slashes),
		CHECK_IN_DIR(a_program_is_the_first_executable_file_on_the_list),
		CHECK(without_a_path_nothing_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
