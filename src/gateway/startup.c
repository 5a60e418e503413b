/* gateway/startup.c - see startup.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

enum { PATIENCE_MS = 60000 };

/* ------------------------------------------------------------------ the pid file */

/* As early as an error can still be told; its text stays until we are the one who serves. */
static int open_pid_file(struct startup *startup, struct err *err)
{
	const char *path = startup->options->pid_file;

	if (!path)
		return 0;
	startup->pid_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	startup->made_pid_file = startup->pid_fd >= 0;
	if (startup->pid_fd < 0 && errno == EEXIST)
		startup->pid_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return startup->pid_fd < 0 ? err_sys(err, ERR_IO, "cannot write pid file '%s'", path) : 0;
}

/* The predecessor may have removed the file that we had opened, which named it. */
static void write_pid_file(struct startup *startup)
{
	autofree char *text = str_format("%ld\n", (long)getpid());
	const char *path = startup->options->pid_file;
	autoclose int fd = -1;
	struct err err = ERR_INIT;

	if (startup->pid_fd < 0)
		return;
	fd_close(&startup->pid_fd);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	/* whoever reads meanwhile finds a number on the first line */
	if (fd < 0 || fd_write_full(fd, text, strlen(text), -1, &err) < 0 || ftruncate(fd, (off_t)strlen(text)) < 0)
		log_error("cannot write pid file '%s': %s", path, strerror(errno));
}

void startup_undo(struct startup *startup)
{
	const char *path = startup->options->pid_file;
	autobuf text = BUF_INIT;
	struct err err = ERR_INIT;

	if (!path)
		return;
	if (startup->pid_fd >= 0) {
		if (startup->made_pid_file)
			unlink(path);
		fd_close(&startup->pid_fd);
		return;
	}
	if (file_read(path, 64, &text, &err) == 0 && text.len && atol(text.data) == (long)getpid())
		unlink(path);
}

/* ------------------------------------------------------------------ in the background */

static void show_error(void *context, enum log_level level, const char *line)
{
	(void)context;
	if (level <= LOG_LEVEL_ERROR)
		dprintf(2, "%s", line);
}

static _Noreturn void wait_and_exit(int fd)
{
	char byte;

	if (fd_wait(fd, POLLIN, deadline_after_ms(PATIENCE_MS)) <= 0) {
		log_error("the gateway does not serve yet after %d s; it goes on trying", PATIENCE_MS / 1000);
		_exit(ERR_TIMEOUT);
	}
	/* end of file without a byte: it has ended, and has said why */
	_exit(read(fd, &byte, 1) == 1 ? 0 : ERR_FAILED);
}

int startup_begin(struct startup *startup, struct err *err)
{
	int ready[2];
	pid_t pid;

	if (open_pid_file(startup, err) < 0 || !startup->options->daemon)
		return err->code == ERR_NONE ? 0 : -1;
	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(err, ERR_FAILED, "cannot make a pipe");
	pid = fork();
	if (pid < 0)
		return err_sys(err, ERR_MEMORY, "cannot fork");
	if (pid > 0) {
		close(ready[1]);
		wait_and_exit(ready[0]);
	}
	close(ready[0]);
	startup->ready_fd = ready[1];
	setsid();
	if (!startup->options->log_stderr)
		log_set_tap(show_error, NULL);
	return 0;
}

void startup_leave(struct startup *startup)
{
	fd_close(&startup->pid_fd);
	fd_close(&startup->ready_fd);
}

void startup_settle(const struct startup *startup)
{
	if (!startup->options->daemon)
		return;
	log_set_tap(NULL, NULL);
	for (int fd = 0; fd < 3; fd++) {
		autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null_fd >= 0 && !(fd == 2 && startup->options->log_stderr))
			dup2(null_fd, fd);
	}
}

void startup_end(struct startup *startup)
{
	write_pid_file(startup);
	startup_settle(startup);
	if (startup->ready_fd >= 0 && write(startup->ready_fd, "x", 1) != 1)
		log_warning("whoever started this gateway has not waited for it");
	fd_close(&startup->ready_fd);
}
