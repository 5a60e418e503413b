/* monitor/finder-avahi.c - see finder.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/finder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "monitor/keeper.h"

enum { DESCRIPTORS_MAX = 1024 };	/* to close where /proc does not say which there are */

static void say(void *context)
{
	int *ready_fd = context;
	char ok = 0;

	fd_write_full(*ready_fd, &ok, 1, -1, NULL);
	fd_close(ready_fd);
}

/* A pipe of make's that stayed open would keep a build from ending. */
static void close_all_but(int keep_fd)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int64_t fd;

	for (fd = 3; !dir && fd < DESCRIPTORS_MAX; fd++)
		if (fd != keep_fd)
			close((int)fd);
	while (dir && (entry = readdir(dir)))
		if (str_to_int(entry->d_name, 3, INT_MAX, &fd) && fd != keep_fd && fd != dirfd(dir))
			close((int)fd);
	if (dir)
		closedir(dir);
}

static void leave_everything(int keep_fd)
{
	int null_fd = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		dup2(null_fd, fd);
	close_all_but(keep_fd);
	setsid();
	if (chdir("/") < 0)
		log_debug("the working directory stays in use");
	log_to_syslog();
}

static _Noreturn void stay(const char *dir, int ready_fd)
{
	struct err err = ERR_INIT;

	leave_everything(ready_fd);
	if (keeper_run(dir, say, &ready_fd, &err) < 0) {
		char code = (char)err.code;

		if (err.code != ERR_BUSY)
			log_warning("%s", err.text);
		fd_write_full(ready_fd, &code, 1, -1, NULL);
		_exit(err_exit_status(&err));
	}
	_exit(0);
}

int finder_run(const char *dir)
{
	char code = (char)ERR_FAILED;
	int ready[2];
	pid_t pid;

	log_set_program("lsdistcc");
	if (pipe2(ready, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return ERR_MEMORY;
	if (pid == 0)
		stay(dir, ready[1]);
	close(ready[1]);
	while (read(ready[0], &code, 1) < 0 && errno == EINTR)
		;
	return code;
}
