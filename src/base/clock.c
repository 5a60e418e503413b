/* base/clock.c - see clock.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"

#include <limits.h>
#include <time.h>

int64_t clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_ms(void)
{
	return clock_now_us() / 1000;
}

struct deadline deadline_after_ms(int64_t ms)
{
	int64_t now = clock_now_ms();

	return (struct deadline){ ms > INT64_MAX - now ? INT64_MAX : now + ms };
}

struct deadline deadline_never(void)
{
	return (struct deadline){ INT64_MAX };
}

bool deadline_passed(struct deadline deadline)
{
	return deadline.at_ms != INT64_MAX && clock_now_ms() >= deadline.at_ms;
}

int deadline_poll_ms(struct deadline deadline)
{
	int64_t left;

	if (deadline.at_ms == INT64_MAX)
		return -1;
	left = deadline.at_ms - clock_now_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}
