/* test/unit/test-clock.c - deadlines are points in time. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <limits.h>

#include "base/clock.h"

static void a_deadline_counts_down_and_passes(void **state)
{
	struct deadline soon = deadline_after_ms(60000), now = deadline_after_ms(0);

	(void)state;
	assert_in_range(deadline_poll_ms(soon), 1, 60000);
	assert_false(deadline_passed(soon));
	assert_int_equal(deadline_poll_ms(now), 0);
	assert_true(deadline_passed(now));
	assert_true(deadline_passed(deadline_after_ms(-5)));
	assert_int_equal(deadline_poll_ms(deadline_after_ms(-5)), 0);
}

static void never_is_never(void **state)
{
	(void)state;
	assert_int_equal(deadline_poll_ms(deadline_never()), -1);
	assert_false(deadline_passed(deadline_never()));
	assert_int_equal(deadline_poll_ms(deadline_after_ms(INT64_MAX)), -1);
	assert_int_equal(deadline_poll_ms(deadline_after_ms((int64_t)INT_MAX * 4)), INT_MAX);
}

static void time_does_not_run_backwards(void **state)
{
	int64_t us = clock_now_us(), ms = clock_now_ms();

	(void)state;
	assert_true(clock_now_us() >= us);
	assert_true(ms >= us / 1000 && ms - us / 1000 < 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_deadline_counts_down_and_passes),
		CHECK(never_is_never),
		CHECK(time_does_not_run_backwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
