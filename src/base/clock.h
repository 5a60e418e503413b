/* base/clock.h - monotonic time, and deadlines as points in it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_now_ms(void);		/* monotonic; only differences mean something */
int64_t clock_now_us(void);

struct deadline {
	int64_t at_ms;			/* INT64_MAX: never */
};

struct deadline deadline_after_ms(int64_t ms);
struct deadline deadline_never(void);
bool deadline_passed(struct deadline deadline);
/* For poll(2): milliseconds left, 0 when passed, -1 for never. */
int deadline_poll_ms(struct deadline deadline);

#endif
