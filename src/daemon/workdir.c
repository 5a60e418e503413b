/*
 * daemon/workdir.c - see workdir.h.
 *
 * Each worker has a directory of its own below the server's; whoever outlives the other removes it:
 * the parent that of a dead worker, a worker its own when it is told to end or its parent dies. A lock
 * on a file in the server's directory, held by all of them, tells the next server whether it is in use.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/tmp.h"
#include "daemon/run.h"

enum { PATH_LEN = 4096 };

/* For the signal handler of a worker. */
static struct {
	char dir[PATH_LEN];		/* its own, or "" */
	char base[PATH_LEN], lock[PATH_LEN];
} self;

/* What a daemon that was killed has left: its lock is free. */
static void sweep(const char *tmpdir)
{
	DIR *dir = opendir(tmpdir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		autofree char *path = NULL, *lock = NULL;
		autoclose int fd = -1;
		struct stat st;

		if (!str_starts_with(entry->d_name, "distccd_"))
			continue;
		path = path_join(tmpdir, entry->d_name);
		lock = path_join(path, ".lock");
		if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
			continue;
		fd = open(lock, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && tmp_dir_remove(path, NULL) == 0)
			log_info("removed '%s', which a dead server left", path);
	}
	if (dir)
		closedir(dir);
}

int workdir_make(char **base, int *lock_fd, struct err *err)
{
	sweep(env_tmpdir());
	*base = tmp_dir_make(env_tmpdir(), "distccd", err);
	if (!*base)
		return -1;
	snprintf(self.base, sizeof(self.base), "%s", *base);
	snprintf(self.lock, sizeof(self.lock), "%s/.lock", *base);
	*lock_fd = open(self.lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*lock_fd < 0 || flock(*lock_fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, ERR_IO, "cannot lock '%s'", self.lock);
	return 0;
}

/* Only system calls: it may interrupt anything. */
static void on_end(int signal_number)
{
	run_kill();
	if (self.dir[0])
		tmp_dir_remove(self.dir, NULL);
	/* The last one out, when the parent cannot: while others are left this fails. */
	if (rmdir(self.base) < 0 && errno == ENOTEMPTY && getppid() == 1) {
		unlink(self.lock);
		rmdir(self.base);
	}
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

void workdir_remove_at_end(const char *dir)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };
	struct sigaction action;
	sigset_t none;

	snprintf(self.dir, sizeof(self.dir), "%s", dir);
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_end;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
