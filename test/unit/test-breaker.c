/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a failed server is tried again. Times are of the test's own making. */
#include "test/unit/check.h"

#include "gateway/breaker.h"

enum { MIDDLE = 500 };			/* noise that leaves a pause as it is */

static void a_fresh_server_lets_everything_through(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	assert_int_equal(breaker_state(&breaker, 0), BREAKER_CLOSED);
	assert_true(breaker_lets_through(&breaker, 0));
	assert_false(breaker_on_start(&breaker, 0));
	assert_true(breaker_lets_through(&breaker, 0));
}

static void a_failure_opens_it_for_a_second(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	breaker_on_failure(&breaker, 5000, MIDDLE);
	assert_int_equal(breaker.open_until_ms, 5000 + BREAKER_FIRST_MS);
	assert_int_equal(breaker_state(&breaker, 5999), BREAKER_OPEN);
	assert_false(breaker_lets_through(&breaker, 5999));
	assert_int_equal(breaker_state(&breaker, 6000), BREAKER_HALF_OPEN);
}

static void half_open_lets_one_probe_through(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	breaker_on_failure(&breaker, 0, MIDDLE);
	assert_true(breaker_lets_through(&breaker, 2000));
	assert_true(breaker_on_start(&breaker, 2000));
	assert_false(breaker_lets_through(&breaker, 2000));
	breaker_on_success(&breaker);
	assert_int_equal(breaker_state(&breaker, 2000), BREAKER_CLOSED);
	assert_true(breaker_lets_through(&breaker, 2000));
}

static void a_probe_that_said_nothing_makes_room_for_another(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	breaker_on_failure(&breaker, 0, MIDDLE);
	breaker_on_start(&breaker, 2000);
	breaker_on_nothing(&breaker);
	assert_int_equal(breaker_state(&breaker, 2000), BREAKER_HALF_OPEN);
	assert_true(breaker_lets_through(&breaker, 2000));
}

static void pauses_double_up_to_a_bound_that_keeps_the_promise(void **state)
{
	struct breaker breaker = { 0 };
	int64_t now = 0, pause = BREAKER_FIRST_MS;

	(void)state;
	for (int i = 0; i < 70; i++) {
		breaker_on_failure(&breaker, now, MIDDLE);
		assert_int_equal(breaker.open_until_ms - now, pause);
		now = breaker.open_until_ms;
		pause = pause * 2 < BREAKER_MAX_MS ? pause * 2 : BREAKER_MAX_MS;
	}
	/* back in use within 5 s of its recovery, the longest jitter and a connect included */
	assert_true(BREAKER_MAX_MS * 5 / 4 + 1000 <= 5000);
}

static void noise_spreads_a_pause_by_a_quarter(void **state)
{
	struct breaker shortest = { 0 }, longest = { 0 };

	(void)state;
	breaker_on_failure(&shortest, 0, 0);
	breaker_on_failure(&longest, 0, 999);
	assert_int_equal(shortest.open_until_ms, BREAKER_FIRST_MS * 3 / 4);
	assert_in_range(longest.open_until_ms, BREAKER_FIRST_MS * 6 / 5, BREAKER_FIRST_MS * 5 / 4);
}

static void jobs_that_fail_while_it_is_open_add_nothing(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	breaker_on_failure(&breaker, 0, MIDDLE);
	for (int i = 0; i < 32; i++)
		breaker_on_failure(&breaker, 500, MIDDLE);
	assert_int_equal(breaker.open_until_ms, BREAKER_FIRST_MS);
	assert_int_equal(breaker.failures, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_fresh_server_lets_everything_through),
		CHECK(a_failure_opens_it_for_a_second),
		CHECK(half_open_lets_one_probe_through),
		CHECK(a_probe_that_said_nothing_makes_room_for_another),
		CHECK(pauses_double_up_to_a_bound_that_keeps_the_promise),
		CHECK(noise_spreads_a_pause_by_a_quarter),
		CHECK(jobs_that_fail_while_it_is_open_add_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
