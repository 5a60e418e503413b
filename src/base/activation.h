/* base/activation.h - listening sockets that a service manager made (LISTEN_FDS, sd_listen_fds(3)). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ACTIVATION_H
#define BASE_ACTIVATION_H

#include <stddef.h>

#include "base/err.h"

/*
 * Takes the sockets that are meant for this very process (LISTEN_PID), now close-on-exec and
 * non-blocking, and removes the variables, so that no child takes them for its own. *n_fds is 0
 * when there are none. ERR_BIND when something else than a listening stream socket was passed: a
 * unit file says more than it should. *fds is yours to free.
 */
int activation_take(int **fds, size_t *n_fds, struct err *err);

#endif
