/*
 * gateway/dial.h - from a granted slot to a connected socket: the addresses of a server one after the
 * other, each with a time of its own, or a session from the ssh pool.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_DIAL_H
#define GATEWAY_DIAL_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/patience.h"
#include "gateway/state.h"

struct dial {
	/* set by the owner */
	struct gateway *gateway;
	void (*on_connected)(void *context, int fd);		/* fd: not blocking, the owner's */
	void (*on_failed)(void *context, const char *why);
	void *context;

	/* private */
	const struct relay_times *times;
	struct server *server;
	bool guarded;
	int fd;
	size_t addrs_left;
	size_t addrs_known;		/* when the first was dialled, or since */
	uint32_t helper_serial;		/* a question to the helper that is not answered yet */
	struct event *writable, *timer;
};
#define DIAL_INIT { .fd = -1 }

/* One of the two callbacks follows, perhaps before this returns. guarded: on a socket from the larder. */
void dial_start(struct dial *dial, struct server *server, const struct relay_times *times, bool guarded);
/* No callback any more; harmless when nothing is under way. */
void dial_stop(struct dial *dial);

#endif
