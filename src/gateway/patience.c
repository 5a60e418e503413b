/* gateway/patience.c - see patience.h. A compile takes what it takes, so nothing here says "failed" by time
 * alone: others' answers, and what is usual, have a say. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/patience.h"

enum {
	/* so many times the usual time is late, if the server is silent to all */
	LATE_FACTOR = 2,
	LATE_ALONE_FACTOR = 4,		/* ... or if it answers others, so that it may be the job */
	STALL_FACTOR = 8,		/* so many times is suspicious */
	UNKNOWN_FACTOR = 3		/* so many times stall_ms, while nothing is known of any server */
};

const struct relay_times relay_times_default = {
	.connect_ms = 1000, .try_address_ms = 400, .ssh_ms = 30000, .progress_ms = 10000,
		.late_ms = 1000, .silent_ms = 4000,
	.stall_ms = 10000, .answer_ms = 300000,
};

static double late_ms(const struct wait *wait)
{
	double ms = wait->usual_ms *
		    (wait->answered_at_ms < wait->since_ms ? LATE_FACTOR : LATE_ALONE_FACTOR);

	return ms <= 0 ? wait->times->stall_ms : ms < wait->times->late_ms ? wait->times->late_ms : ms;
}

bool patience_is_worn(const struct wait *wait)
{
	if (wait->is_moving)
		return wait->now_ms - wait->progress_at_ms >= wait->times->late_ms;
	return (double)(wait->now_ms - wait->since_ms) >= late_ms(wait);
}

bool patience_has_ended(const struct wait *wait)
{
	const struct relay_times *times = wait->times;
	int64_t silent_for_ms = wait->now_ms - (wait->answered_at_ms > wait->since_ms ? wait->answered_at_ms : wait->since_ms);
	int least_ms = wait->is_probe ? times->stall_ms / 4 : wait->n_jobs > 1 ? times->silent_ms : times->stall_ms;
	double bound_ms = wait->usual_ms > 0 ? wait->usual_ms * STALL_FACTOR :
					       UNKNOWN_FACTOR * times->stall_ms;

	return silent_for_ms >= least_ms && (double)silent_for_ms >= bound_ms;
}

int patience_pause_ms(const struct wait *wait)
{
	bool is_silent_to_all = wait->n_jobs > 1 && wait->answered_at_ms < wait->progress_at_ms;

	return is_silent_to_all ? wait->times->silent_ms : wait->times->progress_ms;
}

int patience_next_look_ms(const struct wait *wait)
{
	int64_t late_in_ms = wait->since_ms + (int64_t)late_ms(wait) - wait->now_ms;
	int again_ms = wait->is_probe ? wait->times->stall_ms / 4 : wait->times->silent_ms;

	/* Late already: nobody had a slot for it, or somebody tries it. */
	return late_in_ms <= 0 ? wait->times->late_ms : late_in_ms < again_ms ? (int)late_in_ms : again_ms;
}
