/* test/unit/test-watch.c - what the kernel tells of changes begins a new generation, and nothing else does. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "include_server/watch.h"

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct watch *watch;
static struct moment last;

/* Has a new generation, or even a new epoch, begun since it was last asked? */
static void assert_news(bool generation, bool epoch)
{
	struct moment now = watch_now(watch);

	assert_int_equal(now.generation != last.generation, generation);
	assert_int_equal(now.epoch != last.epoch, epoch);
	last = now;
}

static int watch_here(const char *below)
{
	char path[4096];
	int dir;

	assert_non_null(getcwd(path, sizeof(path) - 100));
	strcat(path, below);
	if (!watch_way(watch, path, &dir))
		return -2;
	return dir;
}

static bool begin(void)
{
	watch = watch_new();
	if (!watch || watch_here("") < 0) {
		watch_free(watch);
		print_message("nothing can be watched here\n");
		return false;
	}
	last = watch_now(watch);
	return true;
}

static void names_that_nobody_asked_for_are_no_news(void **state)
{
	int dir;

	(void)state;
	if (!begin())
		return;
	dir = watch_here("");
	assert_true(watch_name(watch, dir, "asked"));
	assert_news(false, false);
	write_file("other", "");
	unlink("other");
	assert_news(false, false);
	write_file("asked", "");
	assert_news(true, false);
	assert_news(false, false);
	rename("asked", "other");
	assert_news(true, false);
	rename("other", "asked");
	assert_news(true, false);
	watch_free(watch);
}

static void contents_are_news_by_any_name(void **state)
{
	(void)state;
	if (!begin())
		return;
	write_file("a", "1");
	assert_int_equal(link("a", "b"), 0);
	assert_true(watch_file(watch, "a"));
	assert_news(false, false);
	write_file("b", "2");
	assert_news(true, false);
	unlink("b");
	assert_news(true, false);
	unlink("a");
	assert_news(true, true);
	watch_free(watch);
}

static void each_name_on_a_way_counts_and_makes_the_way_a_new_one(void **state)
{
	(void)state;
	if (!begin())
		return;
	assert_int_equal(mkdir("real", 0755), 0);
	assert_int_equal(mkdir("real/below", 0755), 0);
	assert_int_equal(symlink("real", "link"), 0);
	watch_now(watch);	/* the names are asked for after this, so what was before is no news */
	assert_true(watch_here("/link/below") >= 0);
	assert_news(false, false);
	assert_int_equal(rename("real", "old"), 0);
	assert_news(true, true);
	assert_int_equal(watch_here("/link/below"), -1);
	assert_int_equal(mkdir("real", 0755), 0);
	assert_news(true, true);
	assert_int_equal(watch_here("/link/below"), -1);
	assert_int_equal(mkdir("real/below", 0755), 0);
	assert_news(true, true);
	assert_true(watch_here("/link/below") >= 0);
	unlink("link");
	assert_news(true, true);
	watch_free(watch);
}

static void what_is_not_local_is_not_watched(void **state)
{
	int dir;

	(void)state;
	if (!begin())
		return;
	assert_false(watch_way(watch, "/proc/self", &dir));
	assert_false(watch_file(watch, "/proc/self/maps"));
	assert_false(watch_way(watch, "relative", &dir));
	/* to be refused is no news, however often */
	assert_news(false, false);
	watch_free(watch);
}

static void without_it_nothing_is_watched(void **state)
{
	int dir;

	(void)state;
	assert_false(watch_way(NULL, "/", &dir));
	assert_false(watch_name(NULL, 1, "a"));
	assert_false(watch_file(NULL, "/"));
	assert_int_equal(watch_now(NULL).generation, 0);
	watch_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_IN_DIR(names_that_nobody_asked_for_are_no_news),
		CHECK_IN_DIR(contents_are_news_by_any_name),
		CHECK_IN_DIR(each_name_on_a_way_counts_and_makes_the_way_a_new_one),
		CHECK_IN_DIR(what_is_not_local_is_not_watched),
		CHECK(without_it_nothing_is_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
