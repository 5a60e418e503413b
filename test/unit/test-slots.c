/* test/unit/test-slots.c - files in DISTCC_DIR that stock clients read and write, too. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "state/backoff.h"
#include "state/refusal.h"
#include "state/slots.h"
#include "state/statedir.h"

static struct host_spec host_of(const char *token)
{
	struct host_spec host;
	struct err err = ERR_INIT;

	assert_ok(host_spec_parse(&host, token, &err));
	return host;
}
#define autohost __attribute__((cleanup(host_spec_release))) struct host_spec

/* As a stock client asks: fcntl, write lock, the whole file. */
static bool stock_finds_it_taken(const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = open(path, O_WRONLY);

		_exit(fd >= 0 && fcntl(fd, F_SETLK, &lock) < 0 && (errno == EAGAIN || errno == EACCES));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status != 0;
}

static void a_slot_is_the_lock_file_of_distcc(void **state)
{
	static const struct { const char *token; int slot; const char *path; } rows[] = {
		{ "farm1", 0, "dir/lock/cpu_tcp_farm1_3632_0" }, { "farm1:99/8", 7, "dir/lock/cpu_tcp_farm1_99_7" },
		{ "me@farm", 1, "dir/lock/cpu_ssh_farm_1" }, { "localhost/3", 2, "dir/lock/cpu_localhost_2" },
	};

	(void)state;
	setenv("DISTCC_DIR", "dir", 1);
	assert_int_equal(mkdir("dir", 0755), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autohost host = host_of(rows[i].token);
		struct err err = ERR_INIT;
		struct stat st;
		int fd = -1;

		assert_ok(slot_try(&host, rows[i].slot, &fd, &err));
		assert_int_equal(stat(rows[i].path, &st), 0);
		assert_int_equal(st.st_size, 0);
		assert_true(stock_finds_it_taken(rows[i].path));
		fd_close(&fd);
		assert_false(stock_finds_it_taken(rows[i].path));
	}
}

static void local_slots_are_taken_from_the_lowest(void **state)
{
	struct err err = ERR_INIT;
	int fds[2] = { -1, -1 }, slot = -1, ready[2], stop[2], status;
	char byte;
	pid_t holder;

	(void)state;
	setenv("DISTCC_DIR", "dir", 1);
	assert_int_equal(mkdir("dir", 0755) | pipe2(ready, O_CLOEXEC) | pipe2(stop, O_CLOEXEC), 0);
	/* record locks belong to processes: another one must hold slot 0 */
	holder = fork();
	if (holder == 0) {
		if (slot_try_local(1, &fds[0], &slot, NULL) < 0 || slot != 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		close(stop[1]);
		_exit(read(stop[0], &byte, 1) == 0 ? 0 : 2);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_ok(slot_try_local(2, &fds[1], &slot, &err));
	assert_int_equal(slot, 1);
	fd_close(&fds[1]);
	assert_fails(slot_try_local(1, &fds[1], &slot, &err), ERR_BUSY, "all 1 local slots are taken");
	close(stop[1]);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
	assert_ok(slot_try_local(1, &fds[1], &slot, &err));
	assert_int_equal(slot, 0);
	fd_close(&fds[1]);
	close(ready[0]);
	close(ready[1]);
	close(stop[0]);
}

static void set_age(const char *path, time_t age_s)
{
	struct timespec times[2] = { { time(NULL) - age_s, 0 }, { time(NULL) - age_s, 0 } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void a_disliked_host_is_a_file_with_a_time(void **state)
{
	static const char path[] = "dir/lock/backoff_tcp_farm1_3632_0";
	autohost host = host_of("farm1");
	struct stat st;

	(void)state;
	setenv("DISTCC_DIR", "dir", 1);
	assert_int_equal(mkdir("dir", 0755), 0);
	assert_false(backoff_is_disliked(&host, 60));
	backoff_dislike(&host, 60);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 1);
	assert_true(backoff_is_disliked(&host, 60));
	assert_false(backoff_is_disliked(&host, 0));
	set_age(path, 61);
	assert_false(backoff_is_disliked(&host, 60));
	assert_true(backoff_is_disliked(&host, 120));
	backoff_dislike(&host, 60);		/* an old file gets a new time */
	assert_true(backoff_is_disliked(&host, 60));
	set_age(path, -1000);			/* a clock that was set back */
	assert_true(backoff_is_disliked(&host, 60));
	backoff_enjoy(&host, 60);
	assert_int_equal(stat(path, &st), -1);
	backoff_enjoy(&host, 60);		/* nothing there is fine */
	backoff_dislike(&host, 0);		/* switched off */
	assert_int_equal(stat(path, &st), -1);
}

static void gateways_and_this_machine_are_never_disliked(void **state)
{
	static const char *const tokens[] = { "unix:/run/s", "unix:/run/s,raw", "localhost" };

	(void)state;
	setenv("DISTCC_DIR", "dir", 1);
	assert_int_equal(mkdir("dir", 0755), 0);
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		autohost host = host_of(tokens[i]);

		backoff_dislike(&host, 60);
		assert_false(backoff_is_disliked(&host, 60));
		assert_int_equal(access("dir/lock", F_OK), -1);
	}
}

static void a_refused_compiler_is_a_word_in_a_file_of_its_own(void **state)
{
	static const char gcc[] = "dir/lock/backoff_tcp_farm1_3632_0_gcc", in_opt[] = "dir/lock/backoff_tcp_farm1_3632_0__opt_x_gcc";
	autohost host = host_of("farm1");
	autohost gateway = host_of("unix:/run/s");
	struct err err = ERR_INIT;

	(void)state;
	setenv("DISTCC_DIR", "dir", 1);
	assert_int_equal(mkdir("dir", 0755), 0);
	assert_int_equal(refusal_get(&host, "gcc", 60), REFUSAL_NONE);
	refusal_note(&host, "gcc", REFUSAL_LACKING, 60);
	assert_int_equal(access(gcc, R_OK), 0);
	assert_int_equal(refusal_get(&host, "gcc", 60), REFUSAL_LACKING);
	assert_int_equal(refusal_get(&host, "gcc", 0), REFUSAL_NONE);
	assert_int_equal(refusal_get(&host, "clang", 60), REFUSAL_NONE);
	assert_false(backoff_is_disliked(&host, 60));
	/* what a host said holds for longer than what its silence may mean */
	set_age(gcc, 599);
	assert_int_equal(refusal_get(&host, "gcc", 60), REFUSAL_LACKING);
	set_age(gcc, 601);
	assert_int_equal(refusal_get(&host, "gcc", 60), REFUSAL_NONE);
	refusal_note(&host, "gcc", REFUSAL_SILENT, 60);
	assert_int_equal(refusal_get(&host, "gcc", 60), REFUSAL_SILENT);
	set_age(gcc, 61);
	assert_int_equal(refusal_get(&host, "gcc", 60), REFUSAL_NONE);
	/* programs of one name in two places are two */
	refusal_note(&host, "/opt/x/gcc", REFUSAL_MISFIT, 60);
	assert_int_equal(access(in_opt, R_OK), 0);
	assert_int_equal(refusal_get(&host, "/opt/x/gcc", 60), REFUSAL_MISFIT);
	assert_int_equal(refusal_get(&host, "gcc", 60), REFUSAL_NONE);
	/* what nobody has written so is nothing */
	assert_int_equal(truncate(in_opt, 3), 0);
	assert_int_equal(refusal_get(&host, "/opt/x/gcc", 60), REFUSAL_NONE);
	refusal_note(&gateway, "gcc", REFUSAL_LACKING, 60);
	assert_int_equal(refusal_get(&gateway, "gcc", 60), REFUSAL_NONE);
	assert_int_equal(refusal_explain(&host, "gcc", REFUSAL_LACKING, &err), -1);
	assert_int_equal(err.code, ERR_NO_COMPILER);
	assert_non_null(strstr(err.text, "farm1: it has no gcc"));
}

static void the_directory_is_made_where_it_may_be(void **state)
{
	autofree char *in_dir = NULL, *in_home = NULL, *in_tmp = NULL, *expected_home = str_format("%s/.distcc/lock", check_dir),
		*expected_tmp = str_format("%s/distcc-%ld/lock", check_dir, (long)geteuid());
	struct err err = ERR_INIT;
	struct stat st;

	(void)state;
	umask(022);
	setenv("XDG_RUNTIME_DIR", "/dev/null/none", 1);
	setenv("HOME", check_dir, 1);
	setenv("TMPDIR", check_dir, 1);
	setenv("DISTCC_DIR", "dir", 1);
	assert_int_equal(mkdir("dir", 0755), 0);
	in_dir = statedir_get("lock", &err);
	assert_string_equal(in_dir, "dir/lock");
	unsetenv("DISTCC_DIR");
	in_home = statedir_get("lock", &err);
	assert_string_equal(in_home, expected_home);
	assert_int_equal(stat(in_home, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	setenv("DISTCC_DIR", "missing/dir", 1);		/* DISTCC_DIR itself is never made */
	in_tmp = statedir_get("lock", &err);
	assert_string_equal(in_tmp, expected_tmp);
	assert_int_equal(access("missing", F_OK), -1);
}

static void the_directory_of_the_session_is_taken_before_the_common_one(void **state)
{
	autofree char *session = str_format("%s/session", check_dir), *expected = str_format("%s/distcc/lock", session),
		*in_session = NULL, *elsewhere = NULL;
	struct err err = ERR_INIT;

	(void)state;
	umask(0);
	setenv("TMPDIR", check_dir, 1);
	setenv("DISTCC_DIR", "/proc/no", 1);
	setenv("XDG_RUNTIME_DIR", session, 1);
	assert_int_equal(mkdir(session, 0700), 0);
	in_session = statedir_get("lock", &err);
	assert_string_equal(in_session, expected);
	/* one that others can write is none */
	assert_int_equal(chmod(session, 0777), 0);
	elsewhere = statedir_get("lock", &err);
	assert_non_null(elsewhere);
	assert_null(strstr(elsewhere, "/session/"));
	unsetenv("XDG_RUNTIME_DIR");
	umask(022);
}

/* In a shared directory somebody else may have been faster. */
static void a_place_that_others_can_write_is_not_used(void **state)
{
	autofree char *dir = str_format("distcc-%ld", (long)geteuid());
	struct err err = ERR_INIT;

	(void)state;
	setenv("XDG_RUNTIME_DIR", "/dev/null/none", 1);
	setenv("TMPDIR", check_dir, 1);
	setenv("DISTCC_DIR", "/proc/no", 1);
	umask(0);
	assert_int_equal(mkdir(dir, 0777), 0);
	assert_null(statedir_get("lock", &err));
	assert_int_equal(err.code, ERR_IO);
	assert_int_equal(rmdir(dir) | mkdir("elsewhere", 0700) | symlink("elsewhere", dir), 0);
	assert_null(statedir_get("lock", &err));
	umask(022);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_IN_DIR(a_slot_is_the_lock_file_of_distcc),
		CHECK_IN_DIR(local_slots_are_taken_from_the_lowest),
		CHECK_IN_DIR(a_disliked_host_is_a_file_with_a_time),
		CHECK_IN_DIR(gateways_and_this_machine_are_never_disliked),
		CHECK_IN_DIR(a_refused_compiler_is_a_word_in_a_file_of_its_own),
		CHECK_IN_DIR(the_directory_is_made_where_it_may_be),
		CHECK_IN_DIR(the_directory_of_the_session_is_taken_before_the_common_one),
		CHECK_IN_DIR(a_place_that_others_can_write_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
