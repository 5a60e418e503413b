/* test/unit/test-tmp.c - temporary files, and removing what strangers made in a directory of ours. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

static void assert_nameless(int fd)
{
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
}

static void nameless_files_have_no_name_and_are_not_inherited(void **state)
{
	struct err err = ERR_INIT;
	autoclose int memory = tmp_memory("label", &err), file = tmp_unlinked(".", &err);

	(void)state;
	assert_nameless(memory);
	assert_nameless(file);
	assert_int_equal(rmdir(check_dir), 0);		/* it is empty */
	assert_int_equal(mkdir(check_dir, 0700) | chdir(check_dir), 0);
	assert_fails(tmp_unlinked("missing", &err), ERR_IO, "'missing': No such file");
}

static void a_directory_is_private(void **state)
{
	struct err err = ERR_INIT;
	autofree char *dir = tmp_dir_make(check_dir, "job", &err), *stem = str_format("%s/job_", check_dir);
	struct stat st;

	(void)state;
	assert_non_null(dir);
	assert_true(str_starts_with(dir, stem));
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_null(tmp_dir_make("missing", "job", &err));
	assert_int_equal(err.code, ERR_IO);
}

static void touch(const char *path)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
}

static void removal_takes_all_of_it_and_follows_no_link(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(mkdir("keep", 0755) | mkdir("d", 0755) | mkdir("d/sub", 0755) | mkdir("d/sub/closed", 0755), 0);
	touch("keep/file");
	touch("d/sub/closed/file");
	for (int i = 0; i < 300; i++) {		/* more than one reading of the directory */
		autofree char *name = str_format("d/%0100d", i);

		touch(name);
	}
	assert_int_equal(symlink("../keep", "d/link") | symlink("../../keep/file", "d/sub/link") | symlink("nowhere", "d/dangling"), 0);
	assert_int_equal(mkfifo("d/fifo", 0600), 0);
	assert_int_equal(chmod("d/sub/closed", 0) | chmod("d/sub", 0500), 0);
	assert_ok(tmp_dir_remove("d", &err));
	assert_int_equal(access("d", F_OK), -1);
	assert_int_equal(access("keep/file", F_OK), 0);
	assert_ok(tmp_dir_remove("d", &err));		/* missing is success */
}

static void a_link_in_place_of_the_directory_is_refused(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(mkdir("keep", 0755) | symlink("keep", "d"), 0);
	touch("keep/file");
	assert_fails(tmp_dir_remove("d", &err), ERR_IO, "cannot open 'd'");
	assert_int_equal(access("keep/file", F_OK), 0);
	touch("f");
	assert_fails(tmp_dir_remove("f", &err), ERR_IO, "Not a directory");
}

/* Each level of a removal holds a descriptor, so a stranger's tree may not decide how many. */
static void a_bottomless_tree_is_removed(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(mkdir("top", 0755) | chdir("top"), 0);
	/* deeper than a path can say, with names in the way that a removal might want to use */
	for (int i = 0; i < 200; i++) {
		autofree char *name = str_format("~%d", i);

		assert_int_equal(mkdir(name, 0755), 0);
		if (i % 2) {
			autofree char *inner = str_format("~%d/file", i);

			touch(inner);
		}
	}
	for (int depth = 0; depth < 3000; depth++)
		assert_int_equal(mkdir("d", 0755) | chdir("d"), 0);
	touch("file");
	assert_int_equal(symlink(check_dir, "link") | chmod(".", 0), 0);
	assert_int_equal(chdir(check_dir), 0);
	touch("beside");
	assert_ok(tmp_dir_remove("top", &err));
	assert_int_equal(access("top", F_OK), -1);
	assert_int_equal(access("beside", F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_IN_DIR(nameless_files_have_no_name_and_are_not_inherited),
		CHECK_IN_DIR(a_directory_is_private),
		CHECK_IN_DIR(removal_takes_all_of_it_and_follows_no_link),
		CHECK_IN_DIR(a_link_in_place_of_the_directory_is_refused),
		CHECK_IN_DIR(a_bottomless_tree_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
