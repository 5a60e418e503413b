/*
 * base/proc.c - see proc.h.
 *
 * What must not happen: somebody kills us with SIGKILL and a compiler goes on. PR_SET_PDEATHSIG
 * reaches only the direct child, and a compiler driver killed that way leaves cc1 and as behind.
 * So a child with its own group gets a guard: the read end of a pipe whose only write end is ours.
 * All its descendants inherit the read end, it is in O_ASYNC mode, and its owner is the group. When
 * we end, in whatever way, the kernel closes the write end and signals the owner: SIGKILL for all.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/signals.h"

extern char **environ;

/* What the child needs, prepared before vfork(): it runs on our memory and may only make system calls. */
struct start {
	const struct proc_spec *spec;
	const char *files[2];		/* candidates for execve, in order */
	int guard_read;
	pid_t parent;
	volatile int failed_errno;
	/* own_memory: the child's errno comes this way, and its end when exec succeeds */
	int report[2];
};

static void child_stdio(const struct proc_spec *spec)
{
	int fds[3] = { spec->stdin_fd, spec->stdout_fd, spec->stderr_fd };

	/* A source in 0..2 could be overwritten before its turn: move it out of the way first. */
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0 && fds[i] < 3 && fds[i] != i)
			fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
	for (int i = 0; i < 3; i++) {
		if (fds[i] == i)
			fcntl(i, F_SETFD, 0);
		else if (fds[i] >= 0)
			dup2(fds[i], i);
	}
}

static void child_group(const struct start *start)
{
	setpgid(0, 0);
	fcntl(start->guard_read, F_SETOWN, -getpid());
#ifdef F_SETSIG
	fcntl(start->guard_read, F_SETSIG, SIGKILL);
#endif
	fcntl(start->guard_read, F_SETFL, O_RDONLY | O_ASYNC);
	fcntl(start->guard_read, F_SETFD, 0);
}

/* On shared memory the parent sees failed_errno by itself. */
static void report(const struct start *start)
{
	int failed = start->failed_errno;

	if (start->report[1] >= 0 && write(start->report[1], &failed, sizeof(failed)) < 0)
		_exit(ERR_IO);
}

static _Noreturn void child_run(struct start *start)
{
	const struct proc_spec *spec = start->spec;
	char *const *envp = spec->envp ? spec->envp : environ;
	int first_errno = 0;

	signals_reset();
	if (start->guard_read >= 0)
		child_group(start);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != start->parent)
		_exit(ERR_GONE);
	child_stdio(spec);
	if (spec->dir && chdir(spec->dir) < 0) {
		start->failed_errno = errno;
		report(start);
		_exit(ERR_IO);
	}
	if (spec->in_child)
		spec->in_child(spec->context);
	for (int i = 0; i < 2; i++) {
		if (!start->files[i])
			continue;
		execve(start->files[i], spec->argv, envp);
		/* The first reason is the one that concerns the name as given. */
		if (!first_errno)
			first_errno = errno;
	}
	/* Only now: our parent reads it, and the second name may have been executed. */
	start->failed_errno = first_errno ? first_errno : ENOENT;
	_exit(ERR_NO_COMPILER);
}

/* Where the old handlers of this process could run in the child they would work on our memory. */
static pid_t start_child(struct start *start)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	pid = start->spec->own_memory ? fork() : vfork();
	if (pid == 0)
		child_run(start);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

static int open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

/* Until the child has executed its program, or said why it cannot. */
static void await_exec(struct start *start)
{
	int failed = 0;
	ssize_t n;

	fd_close(&start->report[1]);
	do {
		n = read(start->report[0], &failed, sizeof(failed));
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(failed))
		start->failed_errno = failed;
	fd_close(&start->report[0]);
}

int proc_start(struct proc *proc, const struct proc_spec *spec, struct err *err)
{
	autofree char *by_name = NULL, *by_base = NULL;
	struct start start = { .spec = spec, .guard_read = -1, .parent = getpid(), .report = { -1, -1 } };
	const char *name = spec->argv[0];
	int guard[2] = { -1, -1 };
	pid_t pid;

	if (strchr(name, '/')) {
		start.files[0] = name;
		by_base = path_find_program(path_base(name), NULL, NULL, NULL);
		start.files[1] = by_base;
	} else {
		by_name = path_find_program(name, NULL, NULL, NULL);
		start.files[0] = by_name;
	}
	if (spec->own_group && pipe2(guard, O_CLOEXEC) < 0)
		return err_sys(err, ERR_IO, "cannot make a pipe for '%s'", name);
	if (spec->own_memory && pipe2(start.report, O_CLOEXEC) < 0) {
		err_sys(err, ERR_IO, "cannot make a pipe for '%s'", name);
		fd_close(&guard[0]);
		fd_close(&guard[1]);
		return -1;
	}
	start.guard_read = guard[0];
	pid = start_child(&start);
	if (spec->own_memory)
		await_exec(&start);
	if (guard[0] >= 0)
		close(guard[0]);
	if (pid < 0 || start.failed_errno) {
		int saved = pid < 0 ? errno : start.failed_errno;

		if (pid > 0)
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				;
		fd_close(&guard[1]);
		errno = saved;
		return err_sys(err, pid < 0 ? ERR_MEMORY : ERR_NO_COMPILER, "failed to exec %s", name);
	}
	*proc = (struct proc){ pid, open_pidfd(pid), guard[1], spec->own_group };
	return 0;
}

/* Without a pidfd: SIGCHLD is blocked and waited for, so that nothing polls. */
static int wait_by_signal(pid_t pid, struct deadline deadline)
{
	sigset_t chld, old;
	int ended = 0;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &old);
	for (;;) {
		siginfo_t info = { 0 };
		int ms = deadline_poll_ms(deadline);
		struct timespec left = { ms / 1000, (ms % 1000) * 1000000L };

		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid) {
			ended = 1;
			break;
		}
		if (ms == 0)
			break;
		if (ms < 0)
			sigwaitinfo(&chld, NULL);
		else
			sigtimedwait(&chld, NULL, &left);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ended;
}

static void forget(struct proc *proc)
{
	/* What is left of the group ends with the write end. */
	fd_close(&proc->guard_fd);
	fd_close(&proc->pidfd);
	*proc = (struct proc)PROC_INIT;
}

int proc_wait(struct proc *proc, struct deadline deadline, int *status, struct rusage *usage, struct err *err)
{
	pid_t pid;

	if (deadline.at_ms != INT64_MAX) {
		int ended = proc->pidfd >= 0 ? fd_wait(proc->pidfd, POLLIN, deadline) :
					       wait_by_signal(proc->pid, deadline);

		if (ended < 0)
			return err_sys(err, ERR_IO, "cannot wait for process %ld", (long)proc->pid);
		if (ended == 0)
			return err_set(err, ERR_TIMEOUT, "process %ld did not end in time", (long)proc->pid);
	}
	do {
		pid = wait4(proc->pid, status, 0, usage);
	} while (pid < 0 && errno == EINTR);
	if (pid < 0) {
		err_sys(err, ERR_IO, "cannot wait for process %ld", (long)proc->pid);
		forget(proc);
		return -1;
	}
	forget(proc);
	return 0;
}

void proc_kill(struct proc *proc)
{
	if (proc->pid > 0) {
		kill(proc->own_group ? -proc->pid : proc->pid, SIGKILL);
		/* The child may not have made its group yet. */
		kill(proc->pid, SIGKILL);
		while (waitpid(proc->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	forget(proc);
}

const char *proc_status_text(int status, char text[32])
{
	if (WIFSIGNALED(status))
		snprintf(text, 32, "signal %d", WTERMSIG(status));
	else
		snprintf(text, 32, "exit %d", WEXITSTATUS(status));
	return text;
}

int proc_die_with_parent(int signal_number, pid_t expected_parent)
{
	prctl(PR_SET_PDEATHSIG, signal_number);
	return getppid() == expected_parent ? 0 : -1;
}
