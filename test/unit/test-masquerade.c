/* test/unit/test-masquerade.c - PATH loses the masquerade directory and what stands before it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/tmp.h"
#include "client/masquerade.h"

static struct err err;
static char *dir;
static char *old_path;

static void link_to_us(const char *sub, const char *name)
{
	autofree char *in = str_format("%s/%s", dir, sub);
	autofree char *link = str_format("%s/%s", in, name);
	char self[4096] = "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	assert_int_equal(symlink(self, link), 0);
}

static int set_up(void **state)
{
	(void)state;
	old_path = mem_strdup(getenv("PATH"));
	dir = tmp_dir_make("/tmp", "test-masquerade", &err);
	for (int i = 0; dir && i < 3; i++) {
		autofree char *sub = str_format("%s/m%d", dir, i);

		if (mkdir(sub, 0755) < 0)
			return -1;
	}
	link_to_us("m1", "gcc");
	link_to_us("m2", "gcc");
	return dir ? 0 : -1;
}

static int tear_down(void **state)
{
	int result = tmp_dir_remove(dir, &err);

	(void)state;
	setenv("PATH", old_path, 1);
	free(old_path);
	free(dir);
	return result;
}

/* In both strings a '@' stands for the test's directory. */
static char *expand(const char *text)
{
	autobuf out = BUF_INIT;

	for (; *text; text++) {
		if (*text == '@')
			buf_add_str(&out, dir);
		else
			buf_add(&out, text, 1);
	}
	return buf_steal(&out);
}

static void check(const char *argv0, const char *path, bool changed, const char *rest)
{
	autofree char *called = expand(argv0), *before = expand(path), *after = expand(rest);

	setenv("PATH", before, 1);
	assert_int_equal(masquerade_leave(called), changed);
	assert_string_equal(getenv("PATH"), after);
}

static void the_directory_and_all_before_it_go(void **state)
{
	(void)state;
	check("@/m1/gcc", "@/m0:@/m1:/usr/bin:/bin", true, "/usr/bin:/bin");
	check("gcc", "@/m0:@/m1:/usr/bin:/bin", true, "/usr/bin:/bin");
	check("@/m0/../m1/gcc", "@/m1:/usr/bin", true, "/usr/bin");
}

/* Stock ends in exit 111 here. */
static void a_directory_that_is_there_several_times_goes_each_time(void **state)
{
	(void)state;
	check("gcc", "@/m1:@/m1:/usr/bin", true, "/usr/bin");
	check("@/m1/gcc", "@/m1:@/m0:@/m1:@/m2:/usr/bin", true, "/usr/bin");
	check("gcc", "@/m1/:@/m1:@/m2:/usr/bin:/bin", true, "/usr/bin:/bin");
}

static void a_directory_that_is_not_on_path_changes_nothing(void **state)
{
	(void)state;
	check("@/m1/gcc", "/usr/bin:/bin", false, "/usr/bin:/bin");
}

static void the_last_directory_stays_and_the_guard_ends_the_circle(void **state)
{
	(void)state;
	check("@/m1/gcc", "/nonexistent:@/m1", false, "/nonexistent:@/m1");
}

static void without_a_path_nothing_happens(void **state)
{
	(void)state;
	unsetenv("PATH");
	assert_false(masquerade_leave("gcc"));
	assert_null(getenv("PATH"));
}

static void check_explicit(const char *compiler, const char *path, const char *wanted, const char *rest)
{
	autofree char *called = expand(compiler), *before = expand(path), *after = expand(rest), *name = expand(wanted);
	autoargv command = ARGV_INIT;

	setenv("PATH", before, 1);
	argv_add(&command, called);
	masquerade_pass_by(&command);
	assert_string_equal(command.words[0], name);
	assert_string_equal(getenv("PATH"), after);
}

static void the_explicit_form_passes_masquerade_directories_by(void **state)
{
	(void)state;
	check_explicit("gcc", "@/m0:@/m1:@/m2:/usr/bin", "gcc", "/usr/bin");
	check_explicit("@/m1/gcc", "@/m1:@/m2:/usr/bin", "gcc", "/usr/bin");
	check_explicit("@/m1/gcc", "/usr/bin:/bin", "@/m1/gcc", "/usr/bin:/bin");
	check_explicit("/usr/bin/gcc", "@/m1:/usr/bin", "/usr/bin/gcc", "@/m1:/usr/bin");
	check_explicit("gcc", "/usr/bin:@/m1", "gcc", "/usr/bin:@/m1");
	check_explicit("gcc", "@/m1", "gcc", "@/m1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(the_directory_and_all_before_it_go),
		CHECK(a_directory_that_is_there_several_times_goes_each_time),
		CHECK(a_directory_that_is_not_on_path_changes_nothing),
		CHECK(the_last_directory_stays_and_the_guard_ends_the_circle),
		CHECK(the_explicit_form_passes_masquerade_directories_by),
		CHECK(without_a_path_nothing_happens),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
