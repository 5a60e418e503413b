/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which server a job gets, of three that the test knows all about. */
#include "test/unit/farm.h"

#include "gateway/pick.h"

enum { NOW = 1000000, N = 3 };

struct farm {
	struct server *servers[N];
};

static struct farm farm_make(const char *a, const char *b, const char *c)
{
	return (struct farm){ { farm_server(a), farm_server(b), farm_server(c) } };
}

static void farm_free(struct farm *farm)
{
	for (int i = 0; i < N; i++)
		server_free(farm->servers[i]);
}
#define autofarm __attribute__((cleanup(farm_free))) struct farm

static struct pick pick(const struct farm *farm, const struct pick_wish *wish, size_t n_queued)
{
	const struct demand demand = { .n_queued = n_queued };

	return pick_server(wish, farm->servers, N, &demand, NOW);
}

static const struct pick_wish anything = { .toolchain = "gcc", .protocol_min = 1, .protocol_max = 2 };

static void without_knowledge_the_least_loaded_is_taken(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/8", "10.0.0.3/4");

	(void)state;
	assert_ptr_equal(pick(&farm, &anything, 1).server, farm.servers[0]);
	farm.servers[0]->in_flight = 1;
	assert_ptr_equal(pick(&farm, &anything, 1).server, farm.servers[1]);
	farm.servers[1]->in_flight = 1;
	farm.servers[2]->in_flight = 1;
	assert_ptr_equal(pick(&farm, &anything, 1).server, farm.servers[1]);
}

static void a_faster_server_is_taken_although_it_has_more_to_do(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/4", "10.0.0.3/4,down");

	(void)state;
	farm_has_taken(farm.servers[0], 4000, 1000);
	farm_has_taken(farm.servers[1], 1000, 1000);
	farm.servers[1]->in_flight = 3;
	assert_ptr_equal(pick(&farm, &anything, 50).server, farm.servers[1]);
	farm.servers[1]->in_flight = 4;
	assert_ptr_equal(pick(&farm, &anything, 50).server, farm.servers[0]);
}

static void a_slow_server_gets_nothing_at_the_end_of_a_build(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/4", "10.0.0.3/4,down");
	struct pick last;

	(void)state;
	farm_has_taken(farm.servers[0], 4000, 1000);
	farm_has_taken(farm.servers[1], 1000, 1000);
	farm.servers[1]->in_flight = 4;
	last = pick(&farm, &anything, 1);
	assert_int_equal(last.result, PICK_WAIT);
	assert_true(last.slot_is_free);
	/* 1 job in 1000 / 4 ms, and then its own second */
	assert_int_equal((int)last.expected_ms, 1250);
	/* 12 more jobs would keep the fast one busy for 3 s: then the slow one is worth while */
	assert_int_equal(pick(&farm, &anything, 12).result, PICK_FOUND);
}

/* As `make -jN` does it: no more than N are seen at once, but they keep coming. */
static void a_slow_server_is_used_while_more_jobs_keep_coming(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/4", "10.0.0.3/4,down");
	struct demand demand = { .n_queued = 2 };

	(void)state;
	farm_has_taken(farm.servers[0], 4000, 1000);
	farm_has_taken(farm.servers[1], 1000, 1000);
	farm.servers[1]->in_flight = 4;
	/* four a second, as many as the fast one does */
	for (int i = 0; i < 100; i++)
		demand_arrived(&demand, NOW - (100 - i) * 250);
	assert_ptr_equal(pick_server(&anything, farm.servers, N, &demand, NOW).server, farm.servers[0]);
	/* none for a while: the build is at its end */
	assert_int_equal(pick_server(&anything, farm.servers, N, &demand, NOW + 1500).result, PICK_WAIT);
}

static void equal_servers_have_turns(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/4", "10.0.0.3/4");

	(void)state;
	/* what differs by less than a third is equal, and what is unknown may be as good */
	farm_has_taken(farm.servers[0], 1000, 1000);
	farm_has_taken(farm.servers[1], 1200, 1000);
	for (uint64_t turn = 1; turn <= 9; turn++) {
		struct server *server = pick(&farm, &anything, 1).server;

		assert_ptr_equal(server, farm.servers[(turn - 1) % 3]);
		server->granted_at = turn;
	}
	farm_has_taken(farm.servers[2], 1500, 1000);
	assert_ptr_equal(pick(&farm, &anything, 1).server, farm.servers[0]);
}

static void what_was_learned_long_ago_is_forgotten(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/4", "10.0.0.3/4,down");
	int64_t later = NOW + SERVER_KNOWN_MS + 1;

	(void)state;
	farm_has_taken(farm.servers[0], 9000, 1000);
	farm_has_taken(farm.servers[1], 1000, 1000);
	farm.servers[0]->answered_at_ms = NOW;
	farm.servers[1]->answered_at_ms = later - 1;
	farm.servers[1]->granted_at = 1;
	assert_ptr_equal(pick_server(&anything, farm.servers, N, NULL, NOW).server, farm.servers[1]);
	assert_ptr_equal(pick_server(&anything, farm.servers, N, NULL, later).server, farm.servers[0]);
	/* and its first job then is no average with the old ones */
	server_learn_time(farm.servers[0], 800, 1000, later);
	farm.servers[0]->answered_at_ms = later;
	assert_int_equal((int)server_expected_ms(farm.servers[0], 1000, later), 800);
}

static void demand_is_what_waits_and_what_will_come(void **state)
{
	struct demand demand = { .n_queued = 3 };

	(void)state;
	assert_int_equal((int)demand_within(&demand, 5000, 1000, NOW), 3);
	demand_arrived(&demand, NOW - 2000);
	demand_arrived(&demand, NOW - 500);
	assert_int_equal((int)demand_within(&demand, 5000, 1000, NOW), 8);
	assert_int_equal((int)demand_within(&demand, 0, 1000, NOW), 3);
	/* a thousand a second are remembered for 64 ms */
	for (int i = 0; i < 1000; i++)
		demand_arrived(&demand, NOW - 1000 + i);
	assert_in_range((int)demand_within(&demand, 1000, 1000, NOW), 950, 1050);
	/* all at once: as many as came, and not infinitely many */
	for (int i = 0; i < ARRIVALS_KEPT; i++)
		demand_arrived(&demand, NOW);
	assert_in_range((int)demand_within(&demand, 1000, 1000, NOW), 64, 1000);
}

static void a_slow_server_is_not_spared_for_one_that_is_down(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/4", "10.0.0.3/4,down");

	(void)state;
	farm_has_taken(farm.servers[0], 4000, 1000);
	farm_has_taken(farm.servers[1], 1000, 1000);
	farm.servers[1]->in_flight = 4;
	breaker_on_failure(&farm.servers[1]->breaker, NOW, 0);
	assert_ptr_equal(pick(&farm, &anything, 1).server, farm.servers[0]);
}

static void a_preferred_server_is_taken_if_it_has_a_slot(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/4", "10.0.0.3/4");
	struct pick_wish wish = anything;

	(void)state;
	wish.preferred = farm.servers[2]->id;
	farm.servers[2]->in_flight = 3;
	assert_ptr_equal(pick(&farm, &wish, 1).server, farm.servers[2]);
	farm.servers[2]->in_flight = 4;
	assert_ptr_equal(pick(&farm, &wish, 1).server, farm.servers[0]);
}

static void names_narrow_and_never_widen(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/4", "10.0.0.3:4000/4");
	struct pick_wish wish = anything;

	(void)state;
	wish.use = "10.0.0.3:4000+10.0.0.2";
	assert_ptr_equal(pick(&farm, &wish, 1).server, farm.servers[1]);
	farm.servers[1]->in_flight = 4;
	assert_ptr_equal(pick(&farm, &wish, 1).server, farm.servers[2]);
	wish.use = "10.0.0.9";
	assert_int_equal(pick(&farm, &wish, 1).result, PICK_NO_SERVER);
}

static void each_reason_for_no_server_has_its_result(void **state)
{
	autofarm farm = farm_make("10.0.0.1/1", "10.0.0.2/1", "10.0.0.3/1");
	uint64_t tried[N];
	struct pick_wish wish = anything;

	(void)state;
	wish.protocol_min = wish.protocol_max = 3;
	assert_int_equal(pick(&farm, &wish, 1).result, PICK_NO_SERVER);
	wish = anything;
	for (int i = 0; i < N; i++)
		tried[i] = farm.servers[i]->id;
	wish.tried = tried;
	wish.n_tried = N;
	assert_int_equal(pick(&farm, &wish, 1).result, PICK_ALL_TRIED);
	for (int i = 0; i < N; i++)
		breaker_on_failure(&farm.servers[i]->breaker, NOW, 0);
	wish.n_tried = 1;
	assert_int_equal(pick(&farm, &wish, 1).result, PICK_ALL_DOWN);
	breaker_on_success(&farm.servers[2]->breaker);
	assert_ptr_equal(pick(&farm, &wish, 1).server, farm.servers[2]);
	farm.servers[2]->in_flight = 1;
	assert_int_equal(pick(&farm, &wish, 1).result, PICK_WAIT);
}

static void a_compiler_that_a_server_lacks_is_sent_elsewhere_and_others_are_not(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/4", "10.0.0.3/4");
	struct pick_wish clang = anything;

	(void)state;
	clang.toolchain = "clang";
	server_note_refusal(farm.servers[0], "clang", NOW);
	assert_ptr_equal(pick(&farm, &clang, 1).server, farm.servers[0]);
	server_note_refusal(farm.servers[0], "clang", NOW);
	assert_ptr_equal(pick(&farm, &clang, 1).server, farm.servers[1]);
	assert_ptr_equal(pick(&farm, &anything, 1).server, farm.servers[0]);
	assert_ptr_equal(pick_server(&clang, farm.servers, N, NULL, NOW + SERVER_REFUSAL_MS).server, farm.servers[0]);
}

static void a_server_that_was_down_gets_one_probe(void **state)
{
	autofarm farm = farm_make("10.0.0.1/4", "10.0.0.2/4,down", "10.0.0.3/4,down");

	(void)state;
	breaker_on_failure(&farm.servers[0]->breaker, NOW - 5000, 0);
	assert_int_equal(pick(&farm, &anything, 1).result, PICK_FOUND);
	breaker_on_start(&farm.servers[0]->breaker, NOW);
	assert_int_equal(pick(&farm, &anything, 1).result, PICK_WAIT);
}

static void estimates_follow_the_newest_jobs_and_the_size(void **state)
{
	struct estimate estimate = { 0 };

	(void)state;
	assert_true(estimate_ms(&estimate, 1000) == 0);
	estimate_add(&estimate, 100, 1000);
	assert_false(estimate_is_sure(&estimate));
	assert_int_equal((int)estimate_ms(&estimate, 1000), 100);
	assert_int_equal((int)estimate_ms(&estimate, 0), 100);
	assert_int_equal((int)estimate_ms(&estimate, 3000), 200);
	for (int i = 0; i < 10; i++)
		estimate_add(&estimate, 400, 1000);
	assert_true(estimate_is_sure(&estimate));
	assert_in_range((int)estimate_ms(&estimate, 1000), 370, 400);
	assert_in_range((int)estimate_ms(&estimate, UINT64_MAX), 400, 4000);
}

static void a_word_of_a_list_is_compared_whole(void **state)
{
	(void)state;
	assert_true(pick_is_named("localhost", "localhost"));
	assert_true(pick_is_named("a+LocalHost", "localhost"));
	assert_true(pick_is_named("a+localhost+b", "localhost"));
	assert_false(pick_is_named("localhost2+alocalhost", "localhost"));
	assert_false(pick_is_named("", "localhost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(without_knowledge_the_least_loaded_is_taken),
		CHECK(a_faster_server_is_taken_although_it_has_more_to_do),
		CHECK(a_slow_server_gets_nothing_at_the_end_of_a_build),
		CHECK(a_slow_server_is_used_while_more_jobs_keep_coming),
		CHECK(equal_servers_have_turns),
		CHECK(what_was_learned_long_ago_is_forgotten),
		CHECK(demand_is_what_waits_and_what_will_come),
		CHECK(a_slow_server_is_not_spared_for_one_that_is_down),
		CHECK(a_preferred_server_is_taken_if_it_has_a_slot),
		CHECK(names_narrow_and_never_widen),
		CHECK(each_reason_for_no_server_has_its_result),
		CHECK(a_compiler_that_a_server_lacks_is_sent_elsewhere_and_others_are_not),
		CHECK(a_server_that_was_down_gets_one_probe),
		CHECK(estimates_follow_the_newest_jobs_and_the_size),
		CHECK(a_word_of_a_list_is_compared_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
