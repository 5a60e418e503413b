/* test/unit/test-rewrite.c - compilers get names that mean the same on another machine. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "compiler/rewrite.h"

static void make_program(const char *path)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	assert_true(fd >= 0);
}

static void assert_rewritten(const char *path_list, const char *command, const char *expected)
{
	autoargv argv = ARGV_INIT;
	autofree char *copy = mem_strdup(command), *result = NULL;

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv_add(&argv, word);
	assert_int_equal(rewrite_command(&argv, path_list, "x86_64-linux-gnu"), strcmp(command, expected) != 0);
	result = argv_printable(&argv);
	assert_string_equal(result, expected);
}

static void gcc_is_named_by_its_target_where_that_program_exists(void **state)
{
	(void)state;
	assert_int_equal(mkdir("bin", 0755) | mkdir("more", 0755), 0);
	make_program("bin/x86_64-linux-gnu-gcc");
	make_program("more/x86_64-linux-gnu-g++-12");
	assert_rewritten("bin:more", "gcc -c a.c", "x86_64-linux-gnu-gcc -c a.c");
	assert_rewritten("bin:more", "g++-12 -c a.cc", "x86_64-linux-gnu-g++-12 -c a.cc");
	assert_rewritten("bin:more", "gcc-12 -c a.c", "gcc-12 -c a.c");
	assert_rewritten("bin:more", "./gcc -c a.c", "./gcc -c a.c");
	assert_rewritten("bin:more", "/usr/bin/gcc -c a.c", "/usr/bin/gcc -c a.c");
	assert_rewritten("bin:more", "gcc-ar", "gcc-ar");
	assert_rewritten("bin:more", "m68k-gcc -c a.c", "m68k-gcc -c a.c");
	assert_rewritten("", "gcc -c a.c", "gcc -c a.c");
}

static void clang_is_told_its_target_once(void **state)
{
	static const char *const compilers[] = { "clang", "clang++", "clang-14", "clang++-14.0" };
	static const char *const others[] = {
		"clang-tidy a.c", "clang-cl a.c", "clang-format", "clangd", "clang-", "clang -target arm-linux a.c", "clang --target=arm-linux a.c",
		"/usr/bin/clang a.c",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(compilers) / sizeof(compilers[0]); i++) {
		autofree char *command = str_format("%s -c a.c", compilers[i]);
		autofree char *expected = str_format("%s -c a.c -target x86_64-linux-gnu", compilers[i]);

		assert_rewritten("", command, expected);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_rewritten("", others[i], others[i]);
}

static void a_generic_name_becomes_what_it_is_a_link_to(void **state)
{
	(void)state;
	assert_int_equal(mkdir("real", 0755) | mkdir("bin", 0755) | mkdir("plain", 0755) | mkdir("lib-distcc", 0755) | mkdir("odd", 0755), 0);
	make_program("real/gcc");
	make_program("real/clang++");
	make_program("real/tcc");
	make_program("plain/cc");
	make_program("lib-distcc/cc");
	assert_int_equal(symlink("../real/gcc", "bin/cc") | symlink("../real/clang++", "bin/c++") | symlink("../real/tcc", "odd/cc") |
			 symlink("gone", "odd/c++"), 0);
	assert_rewritten("bin", "cc -c a.c", "gcc -c a.c");
	assert_rewritten("bin", "c++ -c a.cc", "clang++ -c a.cc -target x86_64-linux-gnu");
	assert_rewritten("lib-distcc:bin", "cc -c a.c", "gcc -c a.c");		/* our own links are passed over */
	assert_rewritten("plain:bin", "cc -c a.c", "cc -c a.c");		/* a program of that name, and no link */
	assert_rewritten("odd", "cc -c a.c", "cc -c a.c");
	assert_rewritten("odd", "c++ -c a.c", "c++ -c a.c");
	make_program("bin/x86_64-linux-gnu-gcc");
	assert_rewritten("bin", "cc -c a.c", "x86_64-linux-gnu-gcc -c a.c");	/* one step feeds the next */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_IN_DIR(gcc_is_named_by_its_target_where_that_program_exists),
		CHECK(clang_is_told_its_target_once),
		CHECK_IN_DIR(a_generic_name_becomes_what_it_is_a_link_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
