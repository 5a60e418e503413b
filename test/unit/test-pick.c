/* test/unit/test-pick.c - which host of the list gets the job: real lock files in a directory of the test's own. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/tmp.h"
#include "client/pick.h"
#include "state/backoff.h"

static struct err err;
static struct host_list list;
static const struct settings settings = { .backoff_s = 60, .pause_ms = 10000 };
static char *dir;

static int make_dir(void **state)
{
	(void)state;
	dir = tmp_dir_make("/tmp", "test-pick", &err);
	return dir ? setenv("DISTCC_DIR", dir, 1) : -1;
}

static int remove_dir(void **state)
{
	int result = tmp_dir_remove(dir, &err);

	(void)state;
	free(dir);
	return result;
}

static void use(const char *text)
{
	assert_ok(host_list_parse(&list, text, &err));
}

static const char *picked(const struct pick *pick)
{
	return pick->host ? pick->host->text : "nothing";
}

/* fcntl(2) locks do not stop their own process, so others have to hold them. */
static pid_t hold(const char *name)
{
	autofree char *path = str_format("%s/lock/%s", dir, name);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_CREAT, 0666);

		if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void let_go(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void slots_are_filled_breadth_first(void **state)
{
	bool failed[2] = { false, false };
	const char *const wanted[] = { "a", "b/1", "a", "a", "a" };
	const char *const files[] = { "cpu_tcp_a_3632_0", "cpu_tcp_b_3632_0", "cpu_tcp_a_3632_1", "cpu_tcp_a_3632_2", "cpu_tcp_a_3632_3" };
	pid_t holders[5];

	(void)state;
	use("a b/1");
	for (int i = 0; i < 5; i++) {
		struct pick pick = PICK_INIT;

		assert_ok(pick_host(&pick, &list, failed, &settings, &err));
		assert_string_equal(picked(&pick), wanted[i]);
		pick_release(&pick);
		holders[i] = hold(files[i]);
	}
	for (int i = 0; i < 5; i++)
		let_go(holders[i]);
}

static void a_full_list_is_waited_for(void **state)
{
	bool failed[1] = { false };
	struct pick pick = PICK_INIT;
	pid_t holder, killer;

	(void)state;
	use("c/1");
	assert_ok(pick_host(&pick, &list, failed, &settings, &err));
	pick_release(&pick);
	holder = hold("cpu_tcp_c_3632_0");
	killer = fork();
	if (killer == 0) {
		/* the holder ends while the parent waits in the kernel, or just before: both must do */
		kill(holder, SIGKILL);
		_exit(0);
	}
	assert_ok(pick_host(&pick, &list, failed, &settings, &err));
	assert_string_equal(picked(&pick), "c/1");
	pick_release(&pick);
	waitpid(killer, NULL, 0);
	waitpid(holder, NULL, 0);
}

static void hosts_that_failed_or_are_down_or_in_back_off_are_passed_over(void **state)
{
	bool failed[4] = { true, false, false, false };
	struct pick pick = PICK_INIT;

	(void)state;
	use("d e,down f g");
	backoff_dislike(&list.hosts[2], settings.backoff_s);
	assert_ok(pick_host(&pick, &list, failed, &settings, &err));
	assert_string_equal(picked(&pick), "g");
	pick_release(&pick);
	backoff_enjoy(&list.hosts[2], settings.backoff_s);
	assert_ok(pick_host(&pick, &list, failed, &settings, &err));
	assert_string_equal(picked(&pick), "f");
	pick_release(&pick);
}

static void nobody_left_is_an_error_that_says_why(void **state)
{
	bool failed[1] = { false };
	struct pick pick = PICK_INIT;

	(void)state;
	use("h,down");
	assert_fails(pick_host(&pick, &list, failed, &settings, &err), ERR_NO_HOSTS, "marked ',down'");
	use("h");
	failed[0] = true;
	assert_fails(pick_host(&pick, &list, failed, &settings, &err), ERR_NO_HOSTS, "'h' for one");
}

static void a_gateway_without_a_limit_takes_no_lock(void **state)
{
	bool failed[1] = { false };
	autofree char *lock = str_format("%s/lock/cpu_unix__run_x_0", dir);
	struct pick pick = PICK_INIT;

	(void)state;
	use("unix:/run/x");
	assert_ok(pick_host(&pick, &list, failed, &settings, &err));
	assert_int_equal(pick.lock_fd, -1);
	assert_int_equal(access(lock, F_OK), -1);
	pick_release(&pick);
	use("unix:/run/x/2");
	assert_ok(pick_host(&pick, &list, failed, &settings, &err));
	assert_true(pick.lock_fd >= 0);
	assert_int_equal(access(lock, F_OK), 0);
	pick_release(&pick);
}

static void local_slots_share_the_files_of_localhost(void **state)
{
	struct pick pick = PICK_INIT;
	pid_t holder;

	(void)state;
	pick_local(&pick, 2, &settings);
	assert_int_equal(pick.slot, 0);
	pick_release(&pick);
	holder = hold("cpu_localhost_0");
	pick_local(&pick, 2, &settings);
	assert_int_equal(pick.slot, 1);
	assert_true(pick.lock_fd >= 0);
	pick_release(&pick);
	let_go(holder);
}

static int drop_list(void **state)
{
	host_list_release(&list);
	return remove_dir(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(slots_are_filled_breadth_first),
		CHECK(a_full_list_is_waited_for),
		CHECK(hosts_that_failed_or_are_down_or_in_back_off_are_passed_over),
		CHECK(nobody_left_is_an_error_that_says_why),
		CHECK(a_gateway_without_a_limit_takes_no_lock),
		CHECK(local_slots_share_the_files_of_localhost),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_list);
}
