/* test/unit/test-found.c - the list that one helper writes and all clients of a user read. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fd.h"
#include "state/found.h"

#define autofound __attribute__((cleanup(found_release))) struct found

/* What another process reads, as a stock client does: 0, or the code of the error. */
static int read_elsewhere(const char *expected, int wait_ms)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		autobuf text = BUF_INIT;
		struct err err = ERR_INIT;

		if (found_read(".", wait_ms, &text, &err) < 0)
			_exit((int)err.code);
		_exit(strcmp(text.len ? text.data : "", expected) == 0 ? 0 : 99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool is_kept_elsewhere(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(found_is_kept(".") ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static void without_a_helper_there_is_nothing(void **state)
{
	(void)state;
	assert_false(is_kept_elsewhere());
	assert_int_equal(read_elsewhere("", 100), 0);
}

static void readers_wait_for_the_first_list(void **state)
{
	autofound found = FOUND_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_ok(found_take(&found, ".", &err));
	assert_true(is_kept_elsewhere());
	assert_int_equal(read_elsewhere("", 50), ERR_BUSY);
	assert_ok(found_write(&found, "one/1\ntwo/2\n", 12, &err));
	assert_int_equal(read_elsewhere("one/1\ntwo/2\n", 1000), 0);
	assert_ok(found_write(&found, "# none\n", 7, &err));
	assert_int_equal(read_elsewhere("# none\n", 1000), 0);
}

static void there_is_one_helper(void **state)
{
	autofound found = FOUND_INIT;
	struct err err = ERR_INIT;
	pid_t pid;
	int status;

	(void)state;
	assert_ok(found_take(&found, ".", &err));
	assert_ok(found_write(&found, "a\n", 2, &err));
	pid = fork();
	if (pid == 0) {
		struct found other = FOUND_INIT;
		struct err busy = ERR_INIT;

		_exit(found_take(&other, ".", &busy) < 0 && busy.code == ERR_BUSY && other.hosts_fd < 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read_elsewhere("a\n", 1000), 0);
}

/* So helpers of distcc 3.4 see that somebody needs them, on any file system. */
static void reading_moves_the_time_of_access(void **state)
{
	static const struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
	autofound found = FOUND_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_ok(found_take(&found, ".", &err));
	assert_ok(found_write(&found, "a\n", 2, &err));
	assert_int_equal(utimensat(AT_FDCWD, "hosts", old, 0), 0);
	assert_int_equal(found_read_at(&found), 1000);
	assert_int_equal(read_elsewhere("a\n", 1000), 0);
	assert_true(found_read_at(&found) >= time(NULL) - 60);
	assert_int_equal(unlink("hosts"), 0);
	assert_int_equal(found_read_at(&found), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_IN_DIR(without_a_helper_there_is_nothing),
		CHECK_IN_DIR(readers_wait_for_the_first_list),
		CHECK_IN_DIR(there_is_one_helper),
		CHECK_IN_DIR(reading_moves_the_time_of_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
