/* test/unit/test-tally.c - counts on their way to a successor. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/clock.h"
#include "gateway/tally.h"
#include "test/unit/farm.h"

struct scene {
	struct gateway gateway;
	struct server *server;
};

static void scene_begin(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	feed_init(&scene->gateway.feed);
	scene->server = farm_server("a/4");
	scene->gateway.servers = &scene->server;
	scene->gateway.n_servers = 1;
}

static void scene_end(struct scene *scene)
{
	feed_release(&scene->gateway.feed);
	buf_release(&scene->gateway.absent);
	server_free(scene->server);
}

static void hand_over(struct scene *from, struct scene *to)
{
	autobuf text = BUF_INIT;

	tally_give(&from->gateway, &text);
	if (text.len)
		tally_take(&to->gateway, text.data);
}

static void what_is_given_is_there_and_nowhere_else(void **state)
{
	struct scene old, new;
	struct feed_job job = { 0 }, other = { 0 };

	(void)state;
	scene_begin(&old);
	scene_begin(&new);
	feed_job_wanted(&old.gateway.feed, &job, 7, 1, "a\tb\n", "x.c", "gcc", 10);
	feed_job_queued(&old.gateway.feed, &job, 10);
	feed_job_granted(&old.gateway.feed, &job, "a:3632", 30);
	feed_job_wanted(&old.gateway.feed, &other, 7, 1, "a\tb\n", "y.c", "gcc", 15);
	feed_local(&old.gateway.feed, 7, "c", "z.c", "conftest", 5, 20);
	old.gateway.counters.bytes_in = 1000000000000;
	old.server->n_done = 3;
	old.gateway.schedule.places[PLACE_CPP].n_overbooked = 2;
	hand_over(&old, &new);
	assert_int_equal(new.gateway.feed.n[FEED_WANTED], 2);
	assert_int_equal(new.gateway.feed.n[FEED_LOCAL], 1);
	assert_int_equal(new.gateway.feed.local[reason_find("conftest")], 1);
	assert_int_equal(new.gateway.feed.wait_ms, 20);
	assert_int_equal(new.gateway.counters.bytes_in, 1000000000000);
	assert_int_equal(new.server->n_done, 3);
	assert_int_equal(new.gateway.schedule.places[PLACE_CPP].n_overbooked, 2);
	assert_string_equal(new.gateway.feed.oldest->label, "a b ");
	assert_int_equal(new.gateway.feed.oldest->n[FEED_WANTED], 2);
	assert_int_equal(new.gateway.feed.oldest->first_ms, 10);
	assert_int_equal(new.gateway.feed.n_elsewhere, 2);
	assert_int_equal(old.gateway.feed.n[FEED_WANTED], 0);

	/* once more: only the news */
	feed_job_ended(&old.gateway.feed, &job, FEED_DONE, NULL, 90);
	hand_over(&old, &new);
	hand_over(&old, &new);
	assert_int_equal(new.gateway.feed.n[FEED_DONE], 1);
	assert_int_equal(new.gateway.feed.run_ms, 60);
	assert_int_equal(new.gateway.feed.n_elsewhere, 1);

	/* nothing more will be heard of the other */
	tally_close(&new.gateway);
	assert_int_equal(new.gateway.feed.n[FEED_CANCELLED], 1);
	assert_int_equal(feed_build_get(&new.gateway.feed, 7, "a\tb\n", 0)->n[FEED_CANCELLED], 1);
	assert_int_equal(new.gateway.feed.n_elsewhere, 0);
	scene_end(&old);
	scene_end(&new);
}

static void a_job_that_moves_is_counted_once_under_its_number(void **state)
{
	struct scene old, new;
	struct feed_job job = { 0 }, here = { 0 };

	(void)state;
	scene_begin(&old);
	scene_begin(&new);
	old.gateway.feed.last_id = 40;
	feed_job_wanted(&old.gateway.feed, &job, 7, 1, "b", "x.c", "gcc", 10);
	feed_job_queued(&old.gateway.feed, &job, 10);
	hand_over(&old, &new);
	feed_continue(&new.gateway.feed, old.gateway.feed.last_id, old.gateway.feed.last_seq);
	feed_job_moved(&old.gateway.feed, &job);
	hand_over(&old, &new);

	here.resumes = 41;
	here.counted = 1U << FEED_WANTED | 1U << FEED_QUEUED;
	here.waited_ms = 100;
	feed_job_wanted(&new.gateway.feed, &here, 7, 1, "b", "x.c", "gcc", 1000);
	feed_job_queued(&new.gateway.feed, &here, 1000);
	assert_int_equal(here.id, 41);
	assert_null(feed_next(&new.gateway.feed, 0));
	feed_job_granted(&new.gateway.feed, &here, "a:3632", 1050);
	assert_int_equal(new.gateway.feed.n[FEED_WANTED], 1);
	assert_int_equal(new.gateway.feed.n[FEED_QUEUED], 1);
	assert_int_equal(new.gateway.feed.n[FEED_GRANTED], 1);
	assert_int_equal(new.gateway.feed.wait_ms, 150);
	assert_int_equal(new.gateway.feed.n_elsewhere, 0);
	assert_int_equal(new.gateway.feed.oldest->n_elsewhere, 0);
	/* events go on, and those of the predecessor are not asked for in vain */
	assert_int_equal(feed_next(&new.gateway.feed, 0)->seq, 3);
	assert_null(feed_next(&new.gateway.feed, 3));
	scene_end(&old);
	scene_end(&new);
}

static void what_was_learned_is_known_until_more_is(void **state)
{
	struct scene old, new;
	autobuf text = BUF_INIT;

	(void)state;
	scene_begin(&old);
	scene_begin(&new);
	farm_has_taken(old.server, 1500, 1000);
	old.server->answered_at_ms = 4000;
	estimate_add(&old.gateway.schedule.here, 70, 10);
	tally_give_experience(&old.gateway, &text);
	tally_take(&new.gateway, text.data);
	assert_true(estimate_is_sure(&new.server->service));
	assert_int_equal(server_expected_ms(new.server, 1000, 5000), 1500);
	assert_int_equal(estimate_ms(&new.gateway.schedule.here, 10), 70);
	assert_false(estimate_is_sure(&new.gateway.schedule.here));
	/* our own experience is newer */
	farm_has_taken(new.server, 100, 1000);
	buf_clear(&text);
	tally_give_experience(&old.gateway, &text);
	tally_take(&new.gateway, text.data);
	assert_true(server_expected_ms(new.server, 1000, 5000) < 1000);
	/* and old news are forgotten in time */
	assert_int_equal(new.server->answered_at_ms, 4000);
	assert_int_equal(server_expected_ms(new.server, 1000, 4001 + SERVER_KNOWN_MS), 0);
	scene_end(&old);
	scene_end(&new);
}

static void give_experience(struct scene *from, struct scene *to)
{
	autobuf text = BUF_INIT;

	tally_give_experience(&from->gateway, &text);
	tally_take(&to->gateway, text.data ? text.data : (char[]){ "" });
}

static void a_server_that_is_down_stays_down_for_its_pause(void **state)
{
	int64_t now_ms = clock_now_ms();
	struct scene old, new, late;

	(void)state;
	scene_begin(&old);
	scene_begin(&new);
	scene_begin(&late);
	breaker_on_failure(&old.server->breaker, now_ms - 5000, 0);
	breaker_on_failure(&old.server->breaker, now_ms, 0);
	give_experience(&old, &new);
	assert_int_equal(new.server->breaker.failures, 2);
	assert_int_equal(new.server->breaker.open_until_ms, old.server->breaker.open_until_ms);
	assert_false(breaker_lets_through(&new.server->breaker, now_ms));
	/* what we saw ourselves is newer */
	breaker_on_failure(&late.server->breaker, now_ms - 500, 0);
	give_experience(&old, &late);
	assert_int_equal(late.server->breaker.failures, 1);
	assert_true(late.server->breaker.open_until_ms < old.server->breaker.open_until_ms);
	/* and a pause without an end is none */
	breaker_on_success(&new.server->breaker);
	old.server->breaker.open_until_ms = INT64_MAX;
	give_experience(&old, &new);
	assert_in_range(new.server->breaker.open_until_ms, now_ms, now_ms + BREAKER_MAX_MS);
	scene_end(&old);
	scene_end(&new);
	scene_end(&late);
}

/* As zeroconf's are, of which a new gateway hears some moments later; or the one after that. */
static void what_is_told_of_servers_that_come_late_is_kept(void **state)
{
	struct scene old, new, third;

	(void)state;
	scene_begin(&old);
	scene_begin(&new);
	scene_begin(&third);
	farm_has_taken(old.server, 1500, 1000);
	old.server->n_done = 5;
	new.gateway.n_servers = third.gateway.n_servers = 0;
	give_experience(&old, &new);
	hand_over(&old, &new);
	hand_over(&new, &third);
	assert_int_equal(new.gateway.absent.len, 0);
	third.gateway.n_servers = 1;
	tally_server_added(&third.gateway);
	assert_int_equal(third.server->n_done, 5);
	assert_true(estimate_is_sure(&third.server->service));
	tally_server_added(&third.gateway);
	assert_int_equal(third.server->n_done, 5);
	scene_end(&old);
	scene_end(&new);
	scene_end(&third);
}

/* Each of them, also those that are new: the numbers come first in the struct, what is so now after them. */
static void no_counter_is_forgotten(void **state)
{
	enum { N = offsetof(struct counters, peers) / sizeof(uint64_t) };
	struct scene old, new;
	uint64_t numbers[N], there[N];

	(void)state;
	scene_begin(&old);
	scene_begin(&new);
	for (size_t i = 0; i < N; i++)
		numbers[i] = i + 1;
	memcpy(&old.gateway.counters, numbers, sizeof(numbers));
	old.gateway.counters.peers = 3;
	hand_over(&old, &new);
	memcpy(there, &new.gateway.counters, sizeof(there));
	for (size_t i = 0; i < N; i++)
		assert_int_equal(there[i], numbers[i]);
	assert_int_equal(new.gateway.counters.peers, 0);
	scene_end(&old);
	scene_end(&new);
}

static void nonsense_changes_nothing(void **state)
{
	struct scene scene;
	char text[] = "\ncount\ncount\tdone\ncount\tof-next-year\t5\nserver\tunknown:1\tdone\t5\nbuild\t7\tx\nelse\ta\t1\n\t\t\t\t\t\n";

	(void)state;
	scene_begin(&scene);
	tally_take(&scene.gateway, text);
	assert_int_equal(scene.gateway.feed.n[FEED_DONE], 0);
	assert_null(scene.gateway.feed.oldest);
	scene_end(&scene);
}

static void more_that_ended_than_began_is_nobody_cancelled(void **state)
{
	struct scene scene;
	char text[] = "count\tjobs-done\t5\nbuild\t7\tx\tjobs-denied\t5\n";

	(void)state;
	scene_begin(&scene);
	tally_take(&scene.gateway, text);
	tally_close(&scene.gateway);
	assert_int_equal(scene.gateway.feed.n[FEED_CANCELLED], 0);
	assert_int_equal(scene.gateway.feed.oldest->n[FEED_CANCELLED], 0);
	assert_int_equal(scene.gateway.feed.n[FEED_DONE], 5);
	scene_end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(what_is_given_is_there_and_nowhere_else),
		CHECK(a_job_that_moves_is_counted_once_under_its_number),
		CHECK(what_was_learned_is_known_until_more_is),
		CHECK(a_server_that_is_down_stays_down_for_its_pause),
		CHECK(what_is_told_of_servers_that_come_late_is_kept),
		CHECK(no_counter_is_forgotten),
		CHECK(nonsense_changes_nothing),
		CHECK(more_that_ended_than_began_is_nobody_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
