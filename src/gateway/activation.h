/* gateway/activation.h - listening sockets that a service manager made (LISTEN_FDS, sd_listen_fds(3)). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_ACTIVATION_H
#define GATEWAY_ACTIVATION_H

#include <stddef.h>

#include "base/err.h"

/*
 * Takes the sockets that are meant for this very process (LISTEN_PID), now close-on-exec and
 * non-blocking, and removes the variables, so that no child takes them for its own. *n_fds is 0
 * when there are none. ERR_BIND when something else than a listening UNIX stream socket with a path
 * was passed: a unit file says more than it should. On success *fds, *paths and each of
 * *paths are yours to free.
 */
int activation_take(int **fds, char ***paths, size_t *n_fds, struct err *err);

#endif
