/* base/proc.h - running a program, and making sure that it does not outlive us. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"

struct proc_spec {
	/* found on PATH; if that fails and argv[0] has a '/', its base name is tried */
	char *const *argv;
	char *const *envp;	/* NULL: ours */
	const char *dir;	/* working directory, NULL: ours */
	int stdin_fd;		/* -1: inherit (so also the two below) */
	int stdout_fd;
	int stderr_fd;
	bool own_group;		/* a process group of its own, killed as a whole when we die (see proc.c) */
	void (*in_child)(void *context);	/* async-signal-safe work before exec, or NULL */
	void *context;
	/* fork, not vfork: in_child enters namespaces, which the kernel refuses otherwise */
	bool own_memory;
};
#define PROC_SPEC_INIT { NULL, NULL, NULL, -1, -1, -1, false, NULL, NULL, false }

struct proc {
	pid_t pid;		/* 0: none */
	int pidfd;		/* readable when it ended; -1 where the kernel has none */
	int guard_fd;		/* our end of the guard pipe, or -1 */
	bool own_group;
};
#define PROC_INIT { 0, -1, -1, false }

/*
 * Starts it without copying our image (vfork, unless own_memory). Signals are reset to default and unblocked in the
 * child, SIGPIPE included. A program that cannot be executed is ERR_NO_COMPILER ("failed to exec
 * 'x': reason") at once, not an exit status later.
 */
int proc_start(struct proc *proc, const struct proc_spec *spec, struct err *err);

/* Waits until the end or the deadline (ERR_TIMEOUT; it goes on running). *status as of wait(2).
 * usage may be NULL. After success proc is PROC_INIT again. */
int proc_wait(struct proc *proc, struct deadline deadline, int *status, struct rusage *usage,
	      struct err *err);

/* SIGKILL to it (to the whole group if it has its own) and reaps it. Safe on PROC_INIT. */
void proc_kill(struct proc *proc);
#define autoproc __attribute__((cleanup(proc_kill))) struct proc

/* "exit 1", "signal 11": one short text for logs. */
const char *proc_status_text(int status, char text[32]);

/* Ends this process with SIGNAL when its parent dies; returns -1 if the parent is gone already. */
int proc_die_with_parent(int signal_number, pid_t expected_parent);

#endif
