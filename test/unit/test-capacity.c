/* test/unit/test-capacity.c - how many slots a server ends with that has a law of its own. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "gateway/capacity.h"

struct law {
	int cores;
	double way_ms;			/* of each job, beside 100 ms of work */
};

static int64_t now_ms;

static double takes_ms(const struct law *law, int n)
{
	double alone_ms = law->way_ms + 100, shared_ms = n * 100.0 / law->cores;

	return alone_ms > shared_ms ? alone_ms : shared_ms;
}

/* So many jobs, all of which begin and end while the server is full. */
static void work(struct capacity *capacity, const struct law *law, int n_jobs)
{
	for (int i = 0; i < n_jobs; i++) {
		int slots = capacity->slots;
		int64_t ms = (int64_t)takes_ms(law, slots);

		now_ms += ms / slots + 1;
		capacity_on_done(capacity, slots, now_ms - ms, 1000, now_ms);
	}
}

static void more_slots_are_kept_as_long_as_they_bring_something(void **state)
{
	static const struct { struct law law; int least, most; } rows[] = {
		{ { 4, 0 }, 4, 4 }, { { 1, 0 }, 1, 1 }, { { 2, 0 }, 2, 2 }, { { 16, 0 }, 13, 20 }, { { 1000, 0 }, CAPACITY_MAX, CAPACITY_MAX },
		{ { 4, 100 }, 7, 9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct capacity capacity = { 0 };

		assert_true(capacity_begin(&capacity, 4, CAPACITY_MAX, now_ms));
		work(&capacity, &rows[i].law, 1500);
		assert_in_range(capacity.settled, rows[i].least, rows[i].most);
	}
}

static void what_is_allowed_is_neither_exceeded_nor_left_unused(void **state)
{
	static const struct law wide = { 100, 0 }, narrow = { 1, 0 };
	struct capacity capacity = { 0 };

	(void)state;
	capacity_begin(&capacity, 6, 6, now_ms);
	work(&capacity, &wide, 1000);
	work(&capacity, &narrow, 1000);
	assert_int_equal(capacity.slots, 6);
	capacity_begin(&capacity, 6, 12, now_ms);
	work(&capacity, &wide, 1000);
	assert_int_equal(capacity.settled, 12);
}

static void only_a_full_server_is_measured(void **state)
{
	struct capacity capacity = { 0 };

	(void)state;
	capacity_begin(&capacity, 4, CAPACITY_MAX, now_ms);
	for (int i = 0; i < 100; i++)
		assert_false(capacity_on_done(&capacity, 3, now_ms, 1000, now_ms + 100));
	/* one that began before is of another time */
	for (int i = 0; i < 100; i++)
		assert_false(capacity_on_done(&capacity, 4, now_ms - 1, 1000, now_ms + 100));
	assert_int_equal(capacity.phase, CAPACITY_MEASURE);
	assert_int_equal(capacity.n, 0);
}

static void bigger_jobs_are_no_slower_server(void **state)
{
	struct capacity capacity = { 0 };

	(void)state;
	capacity_begin(&capacity, 4, CAPACITY_MAX, now_ms);
	for (int i = 0; capacity.phase == CAPACITY_MEASURE; i++)
		capacity_on_done(&capacity, 4, now_ms + i, 1000, now_ms + i + 100);
	assert_int_equal(capacity.slots, 6);
	now_ms += 1000;
	/* thrice the size takes twice the time */
	for (int i = 0; capacity.slots == 6; i++)
		capacity_on_done(&capacity, 6, now_ms + i, 3000, now_ms + i + 200);
	assert_int_equal(capacity.settled, 6);
}

static void after_a_rest_it_is_looked_for_again(void **state)
{
	static const struct law narrow = { 4, 0 }, wide = { 8, 0 };
	struct capacity capacity = { 0 };

	(void)state;
	capacity_begin(&capacity, 4, CAPACITY_MAX, now_ms);
	while (capacity.phase != CAPACITY_REST)
		work(&capacity, &narrow, 1);
	work(&capacity, &wide, 20);
	assert_int_equal(capacity.slots, 4);
	now_ms += CAPACITY_REST_MS;
	work(&capacity, &wide, 200);
	assert_in_range(capacity.settled, 8, 9);
}

static void what_a_predecessor_learned_is_kept(void **state)
{
	struct capacity capacity = { 0 };

	(void)state;
	capacity_begin(&capacity, 4, CAPACITY_MAX, now_ms);
	capacity_continue(&capacity, 13, now_ms);
	assert_int_equal(capacity.slots, 13);
	capacity_continue(&capacity, CAPACITY_MAX + 1, now_ms);
	assert_int_equal(capacity.slots, 13);
	/* the same list once more changes nothing, another does */
	assert_false(capacity_begin(&capacity, 4, CAPACITY_MAX, now_ms));
	assert_int_equal(capacity.slots, 13);
	assert_true(capacity_begin(&capacity, 6, 6, now_ms));
	capacity_continue(&capacity, 5, now_ms);
	assert_int_equal(capacity.slots, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(more_slots_are_kept_as_long_as_they_bring_something),
		CHECK(what_is_allowed_is_neither_exceeded_nor_left_unused),
		CHECK(only_a_full_server_is_measured),
		CHECK(bigger_jobs_are_no_slower_server),
		CHECK(after_a_rest_it_is_looked_for_again),
		CHECK(what_a_predecessor_learned_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
