/*
 * daemon/run.c - see run.h.
 *
 * The compiler runs in a process group of its own with a guard (base/proc.h). While it runs the
 * connection is watched: its end ends the compiler, at once.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/proc.h"
#include "daemon/strays.h"

enum { OUTPUT_MAX = 1 << 30 };

static volatile sig_atomic_t compiler_group;

void run_kill(void)
{
	if (compiler_group)
		kill(-(pid_t)compiler_group, SIGKILL);
}

void run_result_release(struct run_result *result)
{
	buf_release(&result->serr);
	buf_release(&result->sout);
}

/* True when the client has gone. Stray bytes are taken off, or they would wake us for ever. */
static bool client_is_gone(const struct run *run, short revents, bool *told)
{
	char stray[256];
	ssize_t n;

	if (revents & (POLLERR | POLLNVAL))
		return true;
	if (!(revents & (POLLIN | POLLHUP)))
		return false;
	n = read(run->client_fd, stray, sizeof(stray));
	if (n > 0 && !*told) {
		log_warning("client %s sends bytes after its request; they are ignored", run->peer);
		*told = true;
	}
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* Until the compiler has ended, the client has gone or the job is too old. */
static int watch(const struct run *run, struct proc *proc, struct run_result *result, struct err *err)
{
	struct deadline deadline = run->lifetime_s ? deadline_after_ms((int64_t)run->lifetime_s * 1000) : deadline_never();
	bool told = false;

	/* A kernel without pidfds (before 5.3) cannot tell both; the compile is then waited for. */
	if (proc->pidfd < 0)
		return proc_wait(proc, deadline_never(), &result->status, NULL, err);
	for (;;) {
		struct pollfd fds[2] = { { proc->pidfd, POLLIN, 0 }, { run->client_fd, POLLIN, 0 } };
		int n = poll(fds, 2, deadline_poll_ms(deadline));

		if (n < 0 && errno != EINTR)
			return err_sys(err, ERR_IO, "cannot wait for the compiler");
		if (n > 0 && fds[0].revents)
			return proc_wait(proc, deadline_never(), &result->status, NULL, err);
		if (n > 0 && fds[1].revents && client_is_gone(run, fds[1].revents, &told)) {
			result->end = RUN_CLIENT_GONE;
			result->status = ERR_IO << 8;
			return err_set(err, ERR_IO, "Client fd disconnected, killing job");
		}
		if (deadline_passed(deadline)) {
			result->end = RUN_TOO_LONG;
			result->status = ERR_TIMEOUT << 8;
			log_error("Compilation takes too long, timeout.");
			return 0;
		}
	}
}

/* Between fork and exec: only system calls. */
static void confine_child(void *context)
{
	const struct run *run = context;

	if (run->view && view_enter(run->view) < 0)
		_exit(ERR_PRIVILEGES);
	if (confine_enter(run->confine) < 0)
		_exit(ERR_PRIVILEGES);
}

static int open_in(int dir_fd, const char *name, struct err *err)
{
	int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(err, ERR_IO, "cannot write in the job's directory") : fd;
}

static int start_and_watch(const struct run *run, const struct proc_spec *spec,
			   struct run_result *result, struct err *err)
{
	autoproc proc = PROC_INIT;
	struct err start = ERR_INIT;
	int watched;

	if (proc_start(&proc, spec, &start) < 0) {
		log_error("%s", start.text);
		result->status = ERR_NO_COMPILER << 8;
		buf_add_format(&result->serr, "distccd[%ld] ERROR: %s\n", (long)getpid(), start.text);
		return 0;
	}
	compiler_group = proc.pid;
	watched = watch(run, &proc, result, err);
	proc_kill(&proc);
	compiler_group = 0;
	strays_end(NULL, NULL);
	return watched;
}

int run_compiler(const struct run *run, struct run_result *result, struct err *err)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	autoclose int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	autoclose int out_fd = open_in(run->work_fd, ".stdout", err);
	autoclose int err_fd = out_fd < 0 ? -1 : open_in(run->work_fd, ".stderr", err);

	if (err_fd < 0)
		return -1;
	/* A compiler that is killed leaves its own temporary files: they go with the directory. */
	setenv("TMPDIR", run->tmpdir, 1);
	inner_announce_tmpdir(&run->confine->inner, run->tmpdir);
	spec.argv = run->argv->words;
	spec.in_child = confine_child;
	spec.context = (void *)(uintptr_t)run;
	spec.own_memory = run->view;
	spec.dir = run->view ? NULL : run->dir;
	spec.stdin_fd = null_fd;
	spec.stdout_fd = out_fd;
	spec.stderr_fd = err_fd;
	spec.own_group = true;
	if (start_and_watch(run, &spec, result, err) < 0)
		return -1;
	if (result->serr.len)
		return 0;
	if (lseek(out_fd, 0, SEEK_SET) < 0 || lseek(err_fd, 0, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, "cannot read what the compiler said");
	if (fd_read_all(out_fd, OUTPUT_MAX, &result->sout, err) < 0 ||
	    fd_read_all(err_fd, OUTPUT_MAX, &result->serr, err) < 0)
		return -1;
	if (result->end == RUN_TOO_LONG)
		buf_add_str(&result->serr, "distccd: Compilation takes too long, timeout.\n");
	return 0;
}
