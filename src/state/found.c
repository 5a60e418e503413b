/*
 * state/found.c - see found.h.
 *
 * The helper locks the list before the lock file: whoever sees that a helper runs then waits for its
 * first list, and not for nothing. Closing any descriptor of a file drops a process's locks on it, so the
 * helper opens each once.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/found.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/lockfile.h"
#include "base/mem.h"
#include "base/path.h"

enum {
	FOUND_MAX = 100 << 10,		/* as distcc 3.4 reads at most */
	READERS_MS = 2000		/* readers hold their lock for one read */
};

bool found_is_kept(const char *dir)
{
	autofree char *lock = path_join(dir, "lock");

	return lockfile_is_held(lock);
}

int found_read(const char *dir, int wait_ms, struct buf *text, struct err *err)
{
	/* helpers of distcc 3.4 look at the access time, which the file system may not keep */
	static const struct timespec read_now[2] = { { 0, UTIME_NOW }, { 0, UTIME_OMIT } };
	autofree char *hosts = path_join(dir, "hosts");
	autoclose int fd = -1;
	struct err cause = ERR_INIT;

	if (lockfile_wait_shared(hosts, wait_ms, &fd, &cause) < 0) {
		if (cause.code == ERR_NO_FILE)
			return 0;
		return err_set(err, cause.code, "%s", cause.text);
	}
	if (futimens(fd, read_now) < 0 && errno == EBADF)
		return err_sys(err, ERR_IO, "cannot read '%s'", hosts);
	return fd_read_all(fd, FOUND_MAX, text, err);
}

static int lock_hosts(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	int result;

	do {
		result = fcntl(fd, F_SETLKW, &lock);
	} while (result < 0 && errno == EINTR);
	return result;
}

int found_take(struct found *found, const char *dir, struct err *err)
{
	autofree char *lock = path_join(dir, "lock"), *hosts = path_join(dir, "hosts");

	if (lockfile_wait(hosts, READERS_MS, &found->hosts_fd, err) < 0)
		return -1;
	found->is_writing = true;
	if (lockfile_try(lock, &found->lock_fd, err) < 0) {
		found_release(found);
		return -1;
	}
	return 0;
}

int found_write(struct found *found, const char *text, size_t len, struct err *err)
{
	if (!found->is_writing && lock_hosts(found->hosts_fd, F_WRLCK) < 0)
		return err_sys(err, ERR_IO, "cannot lock the list");
	found->is_writing = true;
	/* Shorter than before: the rest goes first, so that it never looks like hosts. */
	if (ftruncate(found->hosts_fd, 0) < 0 || lseek(found->hosts_fd, 0, SEEK_SET) < 0 ||
	    fd_write_full(found->hosts_fd, text, len, -1, err) < 0 ||
	    lock_hosts(found->hosts_fd, F_UNLCK) < 0)
		return err_sys(err, ERR_IO, "cannot write the list");
	found->is_writing = false;
	return 0;
}

int64_t found_read_at(const struct found *found)
{
	struct stat st;

	if (fstat(found->hosts_fd, &st) < 0 || !st.st_nlink)
		return -1;
	return st.st_atime;
}

void found_release(struct found *found)
{
	fd_close(&found->lock_fd);
	fd_close(&found->hosts_fd);
	found->is_writing = false;
}
