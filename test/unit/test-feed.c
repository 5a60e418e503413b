/* test/unit/test-feed.c - jobs as everybody is shown them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <stdio.h>

#include "gateway/feed.h"

static void every_job_ends_once(void **state)
{
	struct feed feed;
	struct feed_job job = { 0 };

	(void)state;
	feed_init(&feed);
	feed_job_wanted(&feed, &job, 7, 1, "b", "/src/a.c", "gcc", 10);
	assert_int_equal(job.id, 1);
	assert_string_equal(job.source, "a.c");
	assert_int_equal(job.build->n_live, 1);
	feed_job_queued(&feed, &job, 20);
	feed_job_granted(&feed, &job, "h:1", 50);
	feed_job_left(&feed, &job);
	feed_job_ended(&feed, &job, FEED_DONE, NULL, 90);
	feed_job_ended(&feed, &job, FEED_CANCELLED, NULL, 95);
	assert_int_equal(feed.n[FEED_WANTED], 1);
	assert_int_equal(feed.n[FEED_DONE], 1);
	assert_int_equal(feed.n[FEED_CANCELLED], 0);
	assert_int_equal(feed.wait_ms, 30);
	assert_int_equal(feed.run_ms, 40);
	assert_int_equal(feed.oldest->n[FEED_DONE], 1);
	assert_int_equal(feed.oldest->n_live, 0);
	feed_release(&feed);
}

static void a_slot_is_shown_as_held_by_one_job_at_a_time(void **state)
{
	struct feed feed;
	struct feed_job jobs[130] = { 0 };

	(void)state;
	feed_init(&feed);
	for (int i = 0; i < 130; i++) {
		feed_job_wanted(&feed, &jobs[i], 7, 1, NULL, NULL, NULL, 0);
		feed_job_granted(&feed, &jobs[i], "h", 0);
		assert_int_equal(jobs[i].lane, i);
	}
	feed_job_left(&feed, &jobs[65]);
	feed_job_replayed(&feed, &jobs[3], "transport-failed", 1);
	feed_job_granted(&feed, &jobs[3], "h", 2);
	assert_int_equal(jobs[3].lane, 3);
	feed_job_wanted(&feed, &jobs[0], 7, 1, NULL, NULL, NULL, 0);
	feed_job_granted(&feed, &jobs[0], "h", 3);
	assert_int_equal(jobs[0].lane, 65);
	feed_release(&feed);
}

static void a_second_attempt_has_a_slot_and_an_end_of_its_own(void **state)
{
	static const enum feed_kind kinds[] = { FEED_WANTED, FEED_QUEUED, FEED_GRANTED, FEED_SECOND, FEED_ABANDONED, FEED_DONE };
	struct feed feed;
	struct feed_job job = { 0 }, busy = { 0 }, second;
	uint64_t seq = 0;

	(void)state;
	feed_init(&feed);
	feed_job_wanted(&feed, &busy, 7, 1, "b", "b.c", "gcc", 0);
	feed_job_granted(&feed, &busy, "other", 0);
	seq = feed.last_seq;
	feed_job_wanted(&feed, &job, 7, 1, "b", "a.c", "gcc", 10);
	feed_job_queued(&feed, &job, 10);
	feed_job_granted(&feed, &job, "h", 30);
	feed_job_tried_again(&feed, &job, &second, "other", 100);
	assert_int_equal(job.lane, 0);
	assert_int_equal(second.lane, 1);
	feed_attempt_abandoned(&feed, &job, "overtaken", 150);
	feed_job_promote(&job, &second);
	/* it is the job's own now */
	feed_attempt_abandoned(&feed, &second, "overtaken", 150);
	feed_job_ended(&feed, &job, FEED_DONE, NULL, 150);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct feed_event *event = feed_next(&feed, seq++);

		assert_int_equal(event->kind, kinds[i]);
		assert_int_equal(event->job, 2);
		if (event->kind == FEED_ABANDONED) {
			assert_string_equal(event->server, "h");
			assert_int_equal(event->run_ms, 120);
		} else if (event->kind == FEED_DONE) {
			assert_string_equal(event->server, "other");
			assert_int_equal(event->lane, 1);
			assert_int_equal(event->run_ms, 50);
			assert_int_equal(event->waited_ms, 20);
		}
	}
	assert_null(feed_next(&feed, seq));
	assert_int_equal(job.n_grants, 2);
	/* both slots are free again */
	feed_job_wanted(&feed, &job, 7, 1, "b", "a.c", "gcc", 200);
	feed_job_granted(&feed, &job, "h", 200);
	assert_int_equal(job.lane, 0);
	feed_job_granted(&feed, &job, "other", 200);
	assert_int_equal(job.lane, 1);
	feed_release(&feed);
}

static void a_local_run_is_counted_by_its_reason(void **state)
{
	struct feed feed;

	(void)state;
	feed_init(&feed);
	feed_local(&feed, 7, "b", "a.c", "conftest", 5, 1);
	feed_local(&feed, 7, "b", "a.c", "a word from the future", 5, 2);
	feed_local(&feed, 7, "c", NULL, NULL, 5, 3);
	assert_int_equal(feed.n[FEED_LOCAL], 3);
	assert_int_equal(feed.local[reason_find("conftest")], 1);
	assert_int_equal(feed.local[REASON_OTHER], 2);
	assert_int_equal(feed.oldest->n[FEED_LOCAL], 2);
	assert_string_equal(feed_next(&feed, 1)->reason, "other");
	feed_release(&feed);
}

static void builds_are_forgotten_but_never_one_with_jobs(void **state)
{
	struct feed feed;
	struct feed_job job = { 0 }, other = { 0 };
	char label[32];

	(void)state;
	feed_init(&feed);
	feed_job_wanted(&feed, &job, 7, 1, "first", NULL, NULL, 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(label, sizeof(label), "build%d", i);
		feed_local(&feed, 7, label, NULL, "option", 0, i);
	}
	assert_int_equal(HASH_COUNT(feed.builds), FEED_BUILDS_MAX);
	assert_string_equal(job.build->label, "first");
	feed_job_wanted(&feed, &other, 8, 1, "first", NULL, NULL, 0);
	assert_ptr_not_equal(job.build, other.build);
	feed_release(&feed);
}

static void who_looks_now_and_then_gets_what_is_kept_in_order(void **state)
{
	const struct feed_event *event;
	struct feed feed;
	uint64_t seq = 0, n = 0;

	(void)state;
	feed_init(&feed);
	assert_null(feed_next(&feed, 0));
	for (int i = 0; i < FEED_EVENTS_MAX + 10; i++)
		feed_local(&feed, 7, "b", NULL, "option", 0, i);
	while ((event = feed_next(&feed, seq))) {
		assert_int_equal(event->seq, n ? seq + 1 : 11);
		seq = event->seq;
		n++;
	}
	assert_int_equal(n, FEED_EVENTS_MAX);
	assert_null(feed_next(&feed, seq + 1000));
	feed_release(&feed);
}

static void every_reason_is_found_by_its_word(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_N; i++) {
		if (reason_word(i)) {
			assert_int_equal(reason_find(reason_word(i)), i);
			assert_non_null(reason_sentence(i));
		}
	}
	assert_int_equal(reason_find(NULL), REASON_OTHER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CHECK(every_job_ends_once),
		CHECK(a_slot_is_shown_as_held_by_one_job_at_a_time),
		CHECK(a_second_attempt_has_a_slot_and_an_end_of_its_own),
		CHECK(a_local_run_is_counted_by_its_reason),
		CHECK(builds_are_forgotten_but_never_one_with_jobs),
		CHECK(who_looks_now_and_then_gets_what_is_kept_in_order),
		CHECK(every_reason_is_found_by_its_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
