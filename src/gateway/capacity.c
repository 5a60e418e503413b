/* gateway/capacity.c - see capacity.h. With N jobs at once of which each takes T, N / T are done in a unit
 * of time, whatever T consists of. That is measured, and compared. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/capacity.h"

enum { JOBS_MIN = 8 };			/* of which a measure is made, or twice the slots */

/* More slots are worth it when they bring a third of what they would bring if nothing was shared; fewer are, when
 * they lose less than a quarter of that. Times differ by chance, so neither is asked for in full. */
static const double worth_more = 1.0 / 3, worth_keeping = 0.25;

static void enter(struct capacity *capacity, enum capacity_phase phase, int slots, int64_t now_ms)
{
	capacity->phase = phase;
	capacity->slots = slots;
	capacity->since_ms = now_ms;
	capacity->n = 0;
	capacity->ms = capacity->bytes = 0;
}

bool capacity_begin(struct capacity *capacity, int first, int most, int64_t now_ms)
{
	if (capacity->first == first && capacity->most == most)
		return false;
	*capacity = (struct capacity){ .first = first, .most = most, .settled = first };
	enter(capacity, CAPACITY_MEASURE, first, now_ms);
	return true;
}

void capacity_continue(struct capacity *capacity, int settled, int64_t now_ms)
{
	if (capacity->most == capacity->first || settled < 1 || settled > capacity->most)
		return;
	capacity->settled = settled;
	enter(capacity, CAPACITY_MEASURE, settled, now_ms);
}

static void rest(struct capacity *capacity, int64_t now_ms)
{
	enter(capacity, CAPACITY_REST, capacity->settled, now_ms + CAPACITY_REST_MS);
}

static void try_fewer(struct capacity *capacity, int64_t now_ms)
{
	if (capacity->settled < 2)
		rest(capacity, now_ms);
	else
		enter(capacity, CAPACITY_FEWER, capacity->settled - (capacity->settled + 3) / 4, now_ms);
}

static void try_more(struct capacity *capacity, int64_t now_ms)
{
	int slots = capacity->settled + (capacity->settled + 1) / 2;

	if (capacity->settled >= capacity->most)
		try_fewer(capacity, now_ms);
	else
		enter(capacity, CAPACITY_MORE, slots < capacity->most ? slots : capacity->most, now_ms);
}

/* Half of a job's time is taken to be the same for all, half to grow with its size. */
static double measured_rate(const struct capacity *capacity)
{
	double size = capacity->usual_bytes > 0 ? capacity->bytes / capacity->n / capacity->usual_bytes : 1;

	return capacity->slots * capacity->n * (1 + size) / 2 / (capacity->ms > 0 ? capacity->ms : 1);
}

static void settle(struct capacity *capacity, double rate)
{
	capacity->settled = capacity->slots;
	capacity->rate = rate;
}

static void judge(struct capacity *capacity, int64_t now_ms)
{
	double change = (double)capacity->slots / capacity->settled - 1, rate;

	if (capacity->phase == CAPACITY_MEASURE)
		capacity->usual_bytes = capacity->bytes / capacity->n;
	rate = measured_rate(capacity);
	switch (capacity->phase) {
	case CAPACITY_MEASURE:
		settle(capacity, rate);
		try_more(capacity, now_ms);
		break;
	case CAPACITY_MORE:
		if (rate / capacity->rate - 1 >= change * worth_more) {
			settle(capacity, rate);
			try_more(capacity, now_ms);
		} else {
			try_fewer(capacity, now_ms);
		}
		break;
	default:
		if (rate / capacity->rate - 1 >= change * worth_keeping) {
			settle(capacity, rate);
			try_fewer(capacity, now_ms);
		} else {
			rest(capacity, now_ms);
		}
	}
}

bool capacity_on_done(struct capacity *capacity, int n_jobs, int64_t started_ms, uint64_t bytes,
		      int64_t now_ms)
{
	int before = capacity->settled;

	if (capacity->most == capacity->first)
		return false;
	if (capacity->phase == CAPACITY_REST && now_ms >= capacity->since_ms)
		enter(capacity, CAPACITY_MEASURE, capacity->settled, now_ms);
	if (capacity->phase == CAPACITY_REST || started_ms < capacity->since_ms || n_jobs != capacity->slots)
		return false;
	capacity->n++;
	capacity->ms += (double)(now_ms - started_ms);
	capacity->bytes += (double)bytes;
	if (capacity->n >= JOBS_MIN && capacity->n >= 2U * (unsigned)capacity->slots)
		judge(capacity, now_ms);
	return capacity->settled != before;
}
