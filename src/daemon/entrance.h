/*
 * daemon/entrance.h - connections that have come, until a worker is free for them.
 *
 * A connection costs a worker nothing before its first token has arrived. So idle ones, however many,
 * are no job's delay; they are closed when their time is over.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_ENTRANCE_H
#define DAEMON_ENTRANCE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/access.h"
#include "daemon/peer.h"

enum { ENTRANCE_MAX = 1024 };

struct visitor {
	int fd;
	int64_t until_ms;		/* without a token it goes */
	bool is_greeted;		/* with --auth */
	bool is_ready;
	struct peer peer;
};

struct entrance {
	const struct access *access;
	/* --auth: clients say a byte first, and wait no longer than a second for ours */
	bool greets;
	struct visitor *visitors;	/* in the order of their coming */
	size_t n, n_ready;
	size_t queue_max;		/* ready ones beyond these are turned away */
};

/* Takes all that wait on a listening socket; how many were admitted. */
int entrance_accept(struct entrance *entrance, int listener);
/* Fills fds (ENTRANCE_MAX of them) with those that have not spoken; their number. */
size_t entrance_watch(const struct entrance *entrance, struct pollfd *fds);
/* After poll(2): marks who has spoken, and closes who has gone, is late or is one too many. The number turned away. */
int entrance_look(struct entrance *entrance, const struct pollfd *fds, size_t n_fds);
/* The one that has waited longest with its token; -1: none. The descriptor is the caller's. */
int entrance_take(struct entrance *entrance);
/* Milliseconds until somebody is late, or -1. */
int entrance_wait_ms(const struct entrance *entrance);
void entrance_release(struct entrance *entrance);

#endif
