/* daemon/workers.h - the processes of a standalone server: a parent that serves nothing, and workers. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_WORKERS_H
#define DAEMON_WORKERS_H

#include <stddef.h>

#include "base/err.h"
#include "daemon/options.h"

/* Serves on the listening sockets until SIGTERM, SIGINT, SIGHUP or the lifetime's SIGALRM, ends all
 * workers and compilers within a second, removes every file, and dies by that signal. stats_fd: where
 * statistics are asked for, or -1. */
int workers_run(const struct options *options, const int *listeners, size_t n_listeners,
		int stats_fd, struct err *err);

#endif
