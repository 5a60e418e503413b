/* base/lockfile.c - see lockfile.h. Closing any descriptor of a file drops the process's record
 * locks on it, so nobody may open a lock file twice. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/fd.h"

static int take(const char *path, short type, int command, int *fd, struct err *err)
{
	autoclose int file = open(path, (type == F_RDLCK ? O_RDONLY : O_WRONLY | O_CREAT) | O_CLOEXEC, 0666);
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	if (file < 0)
		return err_sys(err, errno == ENOENT && type == F_RDLCK ? ERR_NO_FILE : ERR_IO,
			       "cannot open lock file '%s'", path);
	if (fcntl(file, command, &lock) < 0) {
		if (errno == EAGAIN || errno == EACCES || errno == EINTR)
			return err_set(err, ERR_BUSY, "'%s' is locked", path);
		return err_sys(err, ERR_IO, "cannot lock '%s'", path);
	}
	*fd = fd_steal(&file);
	return 0;
}

int lockfile_try(const char *path, int *fd, struct err *err)
{
	return take(path, F_WRLCK, F_SETLK, fd, err);
}

static void on_alarm(int signal_number)
{
	(void)signal_number;		/* its only work is to interrupt fcntl(2) */
}

static int wait_for(const char *path, short type, int wait_ms, int *fd, struct err *err)
{
	struct sigaction action, old;
	/* It repeats, so that a signal just before the call is not the only one. */
	struct itimerval timer = { { wait_ms / 1000, wait_ms % 1000 * 1000 },
				   { wait_ms / 1000, wait_ms % 1000 * 1000 } };
	static const struct itimerval off;
	int result;

	/* a timer of 0 never fires */
	if (wait_ms <= 0)
		return take(path, type, F_SETLK, fd, err);
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_alarm;
	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &timer, NULL);
	result = take(path, type, F_SETLKW, fd, err);
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &old, NULL);
	return result;
}

int lockfile_wait(const char *path, int wait_ms, int *fd, struct err *err)
{
	return wait_for(path, F_WRLCK, wait_ms, fd, err);
}

int lockfile_wait_shared(const char *path, int wait_ms, int *fd, struct err *err)
{
	return wait_for(path, F_RDLCK, wait_ms, fd, err);
}

bool lockfile_is_held(const char *path)
{
	autoclose int file = open(path, O_WRONLY | O_CLOEXEC);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return file >= 0 && fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
