/*
 * monitor/probe.h - one host: does it accept connections, and does it compile?
 *
 *   CONNECTING --> SENDING --> RECEIVING --whole answer, then the end--> UP
 *       |  \          |            |
 *       |   \ no compiler asked for: UP
 *       +---failure or deadline----+--> DOWN
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_PROBE_H
#define MONITOR_PROBE_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "monitor/search.h"

enum probe_state { PROBE_CONNECTING, PROBE_SENDING, PROBE_RECEIVING, PROBE_UP, PROBE_DOWN };

struct probe {
	const struct search *search;
	const struct buf *request;	/* of probe_request(); NULL: connecting is enough */
	enum probe_state state;
	int fd;
	short events;			/* for poll(2) */
	struct deadline deadline;
	size_t n_sent;
	struct buf answer;
	int64_t start_ms;
	long latency_ms;		/* when it is up or down */
	const char *why;		/* it is down */
};

/* The one job that is sent: hello.c, in the protocol of the search. */
int probe_request(struct buf *out, const struct search *search, struct err *err);

void probe_start(struct probe *probe, const struct search *search, const struct buf *request,
		 struct in_addr addr);
/* After poll(2); revents 0 when there was nothing: the deadline is looked at. */
void probe_step(struct probe *probe, short revents);
bool probe_is_over(const struct probe *probe);
void probe_release(struct probe *probe);

#endif
