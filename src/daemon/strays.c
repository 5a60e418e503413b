/*
 * daemon/strays.c - see strays.h.
 *
 * A process can leave its group and its session, but not its ancestors: with PR_SET_CHILD_SUBREAPER
 * whoever loses its parent comes to us, also from below a new session.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/strays.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STAT_MAX = 512 };

void strays_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* The fourth word of /proc/PID/stat; the second may hold blanks and brackets. */
static pid_t read_parent(int proc_fd, const char *pid)
{
	char path[64], text[STAT_MAX + 1], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/stat", pid);
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, STAT_MAX);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strrchr(text, ')');
	return at && strlen(at) > 4 ? (pid_t)strtol(at + 4, NULL, 10) : 0;
}

/* How many were told to end. */
static int kill_children(bool (*keep)(pid_t pid, void *context), void *context)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t self = getpid();
	int n = 0;

	while (dir && (entry = readdir(dir))) {
		pid_t pid;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    read_parent(dirfd(dir), entry->d_name) != self)
			continue;
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (keep && keep(pid, context))
			continue;
		/* a child stays ours until it is reaped: the number cannot mean anybody else */
		if (kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid)
			n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

void strays_end(bool (*keep)(pid_t pid, void *context), void *context)
{
	if (!keep) {
		pid_t pid;

		do {
			pid = waitpid(-1, NULL, WNOHANG);
		} while (pid > 0 || (pid < 0 && errno == EINTR));
		if (pid < 0)
			return;
	}
	/* the children of the killed arrive while we look */
	while (kill_children(keep, context) > 0)
		;
}
