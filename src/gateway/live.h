/*
 * gateway/live.h - what the page is told: everything at first, then what has changed. No I/O.
 *
 * Both are one JSON object. "all" has the servers, the jobs that run, what happened in the last two
 * minutes, builds, queue, figures; "more" has the servers that changed and what happened since. All
 * readers get the same "more", so that one more reader costs one more write and no more thought.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_LIVE_H
#define GATEWAY_LIVE_H

#include "base/str.h"
#include "gateway/state.h"

struct live_server {			/* as it was last told */
	uint64_t n_done, n_failed;
	int slots, in_flight;
	const char *state;
	char label[FEED_SERVER_MAX];
};

struct live {
	uint64_t seq;			/* last event that was told */
	struct live_server *servers;
	size_t n_servers;
};
#define LIVE_INIT { 0, NULL, 0 }
void live_release(struct live *live);

enum live_news { LIVE_NOTHING, LIVE_MORE, LIVE_ALL };

/* Appends "all", for a new reader. Tells nothing to the others. */
void live_render_all(struct buf *out, const struct gateway *gateway);
/* Appends what has changed since the last call: "more", or "all" when the servers are others now. */
enum live_news live_render_news(struct buf *out, struct live *live, const struct gateway *gateway);

#endif
