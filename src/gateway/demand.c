/* gateway/demand.c - see demand.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/demand.h"

void demand_arrived(struct demand *demand, int64_t now_ms)
{
	demand->arrived_at_ms[demand->n_arrived++ % ARRIVALS_KEPT] = now_ms;
}

double demand_within(const struct demand *demand, double ahead_ms, double window_ms, int64_t now_ms)
{
	uint64_t n = 0;

	while (n < ARRIVALS_KEPT && n < demand->n_arrived) {
		double ago_ms = (double)(now_ms -
					 demand->arrived_at_ms[(demand->n_arrived - 1 - n) %
							       ARRIVALS_KEPT]);

		if (ago_ms > window_ms)
			break;
		n++;
		/* more came than are remembered: the window is as long as the memory */
		if (n == ARRIVALS_KEPT && ago_ms >= 1)
			window_ms = ago_ms;
	}
	return (double)demand->n_queued + (double)n * ahead_ms / window_ms;
}
