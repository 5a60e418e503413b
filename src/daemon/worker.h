/* daemon/worker.h - a process that serves one job after the other. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "daemon/options.h"
#include "daemon/outcome.h"

/*
 * After fork(): takes connections that arrive on `channel`, a SOCK_SEQPACKET to its parent, one at a
 * time, and answers each with a struct job_outcome. Ends with its parent. dir is its own, made here.
 */
_Noreturn void worker_run(const struct options *options, const char *dir, int channel, pid_t parent);

/* --no-fork: accepts and serves in this process, for ever. dir is made in base, which a signal removes. */
int worker_serve_alone(const struct options *options, const char *dir, const char *base,
		       const int *listeners, size_t n_listeners,
		       struct err *err);

/* One job on stdin and stdout, as from inetd or ssh; its "ret" is the exit status. */
int worker_serve_inetd(const struct options *options, struct err *err);

#endif
