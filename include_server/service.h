/*
 * include_server/service.h - clients of the include server, many at once.
 *
 *   READING --whole request--> answering --> WRITING --> closed
 *
 * Some threads share one epoll set; a connection belongs to one of them at a time (EPOLLONESHOT). A
 * client that is silent costs a descriptor until its time is up, and nobody waits for it.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_SERVICE_H
#define INCLUDE_SERVER_SERVICE_H

#include <stdbool.h>

#include "base/err.h"
#include "include_server/answer.h"

struct service_options {
	int listen_fd;
	int stop_fd;			/* readable (or hung up): end */
	int life_fd;			/* the same: whoever it belongs to is gone; -1 for none */
	const char *socket_path;	/* no longer ours: end */
	int n_threads;
	/* why a command was not covered; any thread */
	void (*explain)(void *context, const char *source, const char *reason);
	void *context;
};

/* Serves until told to end. */
int service_run(struct answers *answers, const struct service_options *options, struct err *err);

#endif
