/* test/unit/test-lockfile.c - record locks that stock clients see, too. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/lockfile.h"

struct holder {
	pid_t pid;
	int told;		/* a byte to it ends it */
};

/* Another process that holds the lock, taken as a stock client takes it. */
static struct holder hold(const char *path)
{
	int up[2], down[2];
	struct holder holder;
	char byte;

	assert_int_equal(pipe2(up, O_CLOEXEC) | pipe2(down, O_CLOEXEC), 0);
	holder.pid = fork();
	if (holder.pid == 0) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = open(path, O_WRONLY | O_CREAT, 0666);

		close(down[1]);
		if (fcntl(fd, F_SETLK, &lock) < 0 || write(up[1], "x", 1) != 1)
			_exit(1);
		_exit(read(down[0], &byte, 1) == 1 ? 0 : 2);
	}
	close(up[1]);
	close(down[0]);
	assert_int_equal(read(up[0], &byte, 1), 1);
	close(up[0]);
	holder.told = down[1];
	return holder;
}

static void end(struct holder holder)
{
	int status;

	assert_int_equal(write(holder.told, "x", 1), 1);
	close(holder.told);
	assert_int_equal(waitpid(holder.pid, &status, 0), holder.pid);
	assert_int_equal(status, 0);
}

/* Would a stock client find it taken? It asks for the whole file. */
static bool is_locked(const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = open(path, O_WRONLY);

		_exit(fcntl(fd, F_SETLK, &lock) < 0 && (errno == EAGAIN || errno == EACCES));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status != 0;
}

static void a_lock_lasts_until_its_descriptor_is_closed(void **state)
{
	struct err err = ERR_INIT;
	struct stat st;
	int fd = -1;

	(void)state;
	umask(022);
	assert_ok(lockfile_try("lock", &fd, &err));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(stat("lock", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_size, 0);
	assert_true(is_locked("lock"));
	fd_close(&fd);
	assert_false(is_locked("lock"));
}

static void a_lock_of_somebody_else_is_busy(void **state)
{
	struct holder holder = hold("lock");
	struct err err = ERR_INIT;
	int fd = -1;

	(void)state;
	assert_fails(lockfile_try("lock", &fd, &err), ERR_BUSY, "'lock' is locked");
	assert_int_equal(fd, -1);
	end(holder);
	assert_ok(lockfile_try("lock", &fd, &err));
	fd_close(&fd);
}

static void a_wait_has_an_end(void **state)
{
	struct holder holder = hold("lock");
	struct err err = ERR_INIT;
	int fd = -1;

	(void)state;
	assert_fails(lockfile_wait("lock", 20, &fd, &err), ERR_BUSY, "'lock' is locked");
	assert_fails(lockfile_wait("lock", 0, &fd, &err), ERR_BUSY, "'lock' is locked");
	end(holder);
}

static void a_wait_gets_what_becomes_free(void **state)
{
	struct holder holder = hold("lock");
	struct err err = ERR_INIT;
	int fd = -1, status;

	(void)state;
	assert_int_equal(write(holder.told, "x", 1), 1);
	assert_ok(lockfile_wait("lock", 20000, &fd, &err));
	assert_true(is_locked("lock"));
	fd_close(&fd);
	close(holder.told);
	assert_int_equal(waitpid(holder.pid, &status, 0), holder.pid);
}

static void a_place_that_cannot_be_written_is_another_error(void **state)
{
	struct err err = ERR_INIT;
	int fd = -1;

	(void)state;
	assert_fails(lockfile_try("no/lock", &fd, &err), ERR_IO, "cannot open lock file 'no/lock'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_IN_DIR(a_lock_lasts_until_its_descriptor_is_closed),
		CHECK_IN_DIR(a_lock_of_somebody_else_is_busy),
		CHECK_IN_DIR(a_wait_has_an_end),
		CHECK_IN_DIR(a_wait_gets_what_becomes_free),
		CHECK_IN_DIR(a_place_that_cannot_be_written_is_another_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
