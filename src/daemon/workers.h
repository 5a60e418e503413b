/* daemon/workers.h - the processes of a standalone server: a parent that serves nothing, and workers. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_WORKERS_H
#define DAEMON_WORKERS_H

#include <stddef.h>

#include "base/err.h"
#include "daemon/options.h"

/* Serves on the listening sockets until SIGTERM, SIGINT, SIGHUP or the lifetime's SIGALRM, ends all
 * workers and compilers within a second, removes every file, and dies by that signal. */
int workers_run(const struct options *options, const int *listeners, size_t n_listeners, struct err *err);

/* One job on stdin and stdout, as from inetd or ssh; its "ret" is the exit status. */
int workers_serve_inetd(const struct options *options, struct err *err);

#endif
