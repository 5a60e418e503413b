/* daemon/listen.h - the sockets that a standalone server listens on. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_LISTEN_H
#define DAEMON_LISTEN_H

#include <stddef.h>

#include "base/err.h"
#include "daemon/options.h"

/* What a service manager passed takes the place of all addresses, which options then no longer has.
 * *fds is yours to free. ERR_BIND, ERR_USAGE. */
int listen_open(struct options *options, int **fds, size_t *n_fds, struct err *err);
/* The TCP port for statistics, at the first address that is listened on. ERR_BIND. */
int listen_open_stats(const struct options *options, int *fd, struct err *err);
/* The first TCP port among them, or 0. */
int listen_port(const int *fds, size_t n_fds);
/* Removes the socket files of unix: addresses. */
void listen_remove(const struct options *options);

#endif
