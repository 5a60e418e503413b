/* gateway/estimate.c - see estimate.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/estimate.h"

enum { NEWEST_WEIGHS = 4, SIZE_RATIO_MAX = 16 };

void estimate_add(struct estimate *estimate, int64_t ms, uint64_t bytes)
{
	double weight;

	if (estimate->n < NEWEST_WEIGHS)
		estimate->n++;
	weight = 1.0 / estimate->n;
	estimate->ms += ((double)(ms < 1 ? 1 : ms) - estimate->ms) * weight;
	estimate->bytes += ((double)bytes - estimate->bytes) * weight;
}

double estimate_ms(const struct estimate *estimate, uint64_t bytes)
{
	double ratio = 1;

	if (!estimate->n)
		return 0;
	if (bytes && estimate->bytes >= 1)
		ratio = (double)bytes / estimate->bytes;
	if (ratio > SIZE_RATIO_MAX)
		ratio = SIZE_RATIO_MAX;
	return estimate->ms * (1 + ratio) / 2;
}

bool estimate_is_sure(const struct estimate *estimate)
{
	return estimate->n >= ESTIMATE_SURE;
}
