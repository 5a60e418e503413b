/*
 * gateway/capacity.h - how many jobs at once a server is good for, by what more of them have brought. Pure.
 *
 * A /LIMIT is what a server is allowed: then there is nothing to find out. Without one the number of its
 * workers is a beginning, or a guess. Whether one more helps shows in the jobs' times: where it hides the way
 * there and back, or uses a processor that was idle, they stay as short as they were; where processors are
 * shared, they get longer by as much.
 *
 *   MEASURE --> MORE --gains--> MORE ...         each after some jobs that ended while all slots were in use
 *                 |
 *                 +--gains too little--> FEWER --loses nothing--> FEWER ...
 *                                          |
 *                                          +--loses--> REST --a minute later--> MEASURE
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_CAPACITY_H
#define GATEWAY_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>

enum { CAPACITY_REST_MS = 60000, CAPACITY_MAX = 64 };

enum capacity_phase { CAPACITY_MEASURE, CAPACITY_MORE, CAPACITY_FEWER, CAPACITY_REST };

struct capacity {
	int first, most;		/* what it begins with, and may get to; equal: it is not looked for */
	int settled;			/* the best number that is known */
	int slots;			/* the one in force: settled, or what is tried */
	enum capacity_phase phase;
	int64_t since_ms;		/* that one is in force, or REST ends */
	/* jobs that began and ended since then, while all slots were in use */
	unsigned n;
	double ms, bytes;		/* of those, together */
	double usual_bytes;		/* of a job while the settled number was measured */
	double rate;			/* such jobs per ms with the settled number */
};

/* Begins anew if that changes something, and says so. */
bool capacity_begin(struct capacity *capacity, int first, int most, int64_t now_ms);

/* What was learned elsewhere, within the bounds. */
void capacity_continue(struct capacity *capacity, int settled, int64_t now_ms);

/* A job has ended well that held a slot since started_ms, n_jobs were there until now. True if the settled
 * number is another one from now on. */
bool capacity_on_done(struct capacity *capacity, int n_jobs, int64_t started_ms, uint64_t bytes,
		      int64_t now_ms);

#endif
