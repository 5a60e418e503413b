/* gateway/estimate.h - how long a server is expected to take for a job, learned from those it did. Pure. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_ESTIMATE_H
#define GATEWAY_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

/* Moving averages. The newest job weighs a quarter: a server that turns slow is known as slow after
 * a few jobs, and one odd job is forgotten as soon. */
struct estimate {
	unsigned n;			/* jobs seen, up to a few */
	double ms, bytes;		/* of a usual job */
};

enum { ESTIMATE_SURE = 3 };		/* jobs from which on it is worth acting upon */

void estimate_add(struct estimate *estimate, int64_t ms, uint64_t bytes);
/* Half of a usual job's time belongs to starting, half grows with the size. 0: nothing is known. */
double estimate_ms(const struct estimate *estimate, uint64_t bytes);
bool estimate_is_sure(const struct estimate *estimate);

#endif
