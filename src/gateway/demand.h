/*
 * gateway/demand.h - how much work there is: the jobs that wait, and those that will come. Pure.
 *
 * `make -j16` shows at most 16 jobs at once, however many thousand are to come. That more come is seen
 * by their coming: while a build goes on a new one follows each that ends. When none follows, the build
 * is at its end, and what waits is all there is.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_DEMAND_H
#define GATEWAY_DEMAND_H

#include <stddef.h>
#include <stdint.h>

enum { ARRIVALS_KEPT = 64 };

struct demand {
	size_t n_queued;
	int64_t arrived_at_ms[ARRIVALS_KEPT];	/* a ring */
	uint64_t n_arrived;
};

/* A new job came; not one that comes back for another attempt. */
void demand_arrived(struct demand *demand, int64_t now_ms);

/* Jobs that wait now, or will have come within ahead_ms if they come as in the last window_ms (> 0). */
double demand_within(const struct demand *demand, double ahead_ms, double window_ms, int64_t now_ms);

#endif
