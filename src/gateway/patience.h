/* gateway/patience.h - how long a server is waited for that has a job. Pure. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_PATIENCE_H
#define GATEWAY_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct relay_times {			/* milliseconds */
	int connect_ms;			/* for the last address of a server, or its only one */
	int try_address_ms;		/* for an address that has another one after it */
	int ssh_ms;			/* until ssh has started */
	int progress_ms;		/* in which a server takes or sends something, while it should */
	int late_ms;			/* the least after which a job is late */
	/* a server with several jobs that answers none for so long may be stuck */
	int silent_ms;
	int stall_ms;			/* ... and one with a single job */
	int answer_ms;			/* without an answer it is given up, as distcc's own clients do */
};
extern const struct relay_times relay_times_default;

/* A server, as one of its jobs sees it. */
struct wait {
	const struct relay_times *times;
	int64_t now_ms;
	int64_t since_ms;		/* it has the whole request, and the next word is its */
	int64_t progress_at_ms;		/* it last took or sent something for this job */
	int64_t answered_at_ms;		/* it last answered anybody; 0: never */
	double usual_ms;		/* what such a job takes there; 0: unknown */
	int n_jobs;			/* that it has */
	bool is_moving;			/* it takes the request, or sends its answer: it has only to go on */
	bool is_probe;			/* it was down a moment ago */
};

/* Is the job so late that another server, if one has nothing to do, should try it, too? That costs
 * nobody anything: the first answer counts. */
bool patience_is_worn(const struct wait *wait);

/* Does the server only look alive? It has begun no answer to this job for many times the usual time, and
 * has answered nobody else for as long. */
bool patience_has_ended(const struct wait *wait);

/* How long it may pause in a request or in an answer, from progress_at_ms. */
int patience_pause_ms(const struct wait *wait);

/* When to ask again, from now. */
int patience_next_look_ms(const struct wait *wait);

#endif
