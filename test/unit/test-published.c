/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What servers publish of themselves, and what comes of it. */
#include "test/unit/farm.h"

#include <limits.h>

#include "gateway/pick.h"
#include "gateway/published.h"

enum { NOW = 1000000 };

#define HEAD "HTTP/1.0 200 OK\nContent-Type: text/plain\nConnection: close\n\nargv /distccd\n"

static struct published parse(const char *text)
{
	struct published published = PUBLISHED_INIT;

	assert_int_equal(published_parse(&published, text, strlen(text)), 0);
	published.at_ms = NOW;
	return published;
}

static void what_stock_and_our_servers_say_is_understood(void **state)
{
	struct published stock = parse(HEAD "<distccstats>\ndcc_tcp_accept 42\ndcc_longest_job dcc_max_kids 99\ndcc_max_kids 6\n"
				       "dcc_current_load 9\ndcc_load1 0.52\ndcc_free_space 79463 MB\n</distccstats>\n");
	struct published ours = parse(HEAD "<distccstats>\ndcc_max_kids 6\ndcc_current_load -1\ndcc_free_mem 700 MB\n</distccstats>\n");

	(void)state;
	assert_int_equal(stock.workers, 6);
	assert_int_equal(stock.running, 9);
	assert_int_equal(stock.free_mib, -1);
	assert_int_equal(ours.running, -1);
	assert_int_equal(ours.free_mib, 700);
}

static void what_is_no_statistics_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"", "HTTP/1.1 404 Not Found\n\n", "<distccstats>\ndcc_max_kids 6\n", "</distccstats><distccstats>\n", "DONE00000001",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct published published = { .workers = 3, .at_ms = 1 };

		assert_int_equal(published_parse(&published, texts[i], strlen(texts[i])), -1);
		assert_int_equal(published.workers, 3);
	}
}

static void nonsense_is_unknown(void **state)
{
	struct published published = parse("<distccstats>\ndcc_max_kids 99999999999999999999\ndcc_current_load many\ndcc_free_mem \n</distccstats>");

	(void)state;
	assert_int_equal(published.workers, 0);
	assert_int_equal(published_others(&published, NOW), 0);
	assert_int_equal(published_jobs_max(&published, NOW), INT_MAX);
}

static void it_counts_for_a_while(void **state)
{
	struct published published = parse("<distccstats>\ndcc_current_load 9\ndcc_free_mem 600 MB\n</distccstats>");

	(void)state;
	published.n_ours = 3;
	assert_int_equal(published_others(&published, NOW), 5);
	assert_int_equal(published_jobs_max(&published, NOW), 5);
	assert_int_equal(published_others(&published, NOW + PUBLISHED_FRESH_MS), 0);
	assert_int_equal(published_jobs_max(&published, NOW + PUBLISHED_FRESH_MS), INT_MAX);
	/* idle, or nearly out of memory: never less than nothing, and one job in any case */
	published.n_ours = 0;
	published.running = 0;
	published.free_mib = 10;
	assert_int_equal(published_others(&published, NOW), 0);
	assert_int_equal(published_jobs_max(&published, NOW), 1);
}

static void a_server_without_a_limit_has_a_slot_for_each_worker(void **state)
{
	struct server *open = farm_server("10.0.0.1"), *limited = farm_server("10.0.0.2/3");

	(void)state;
	assert_int_equal(server_slots(open), 4);
	open->published.workers = limited->published.workers = 18;
	assert_true(server_learn_slots(open, 0));
	assert_false(server_learn_slots(open, 0));
	assert_false(server_learn_slots(limited, 0));
	assert_int_equal(server_slots(open), 18);
	assert_int_equal(server_slots(limited), 3);
	server_free(open);
	server_free(limited);
}

static void a_busy_or_full_machine_gets_less(void **state)
{
	struct server *servers[] = { farm_server("10.0.0.1/4"), farm_server("10.0.0.2/4") };
	const struct pick_wish wish = { .toolchain = "gcc", .protocol_min = 1, .protocol_max = 2 };

	(void)state;
	servers[0]->published = (struct published){ .running = 4, .free_mib = -1, .at_ms = NOW };
	servers[1]->in_flight = 2;
	assert_ptr_equal(pick_server(&wish, servers, 2, NULL, NOW).server, servers[1]);
	assert_ptr_equal(pick_server(&wish, servers, 2, NULL, NOW + PUBLISHED_FRESH_MS).server, servers[0]);
	servers[0]->published = (struct published){ .running = -1, .free_mib = 100, .at_ms = NOW };
	servers[0]->in_flight = 1;
	assert_ptr_equal(pick_server(&wish, servers, 2, NULL, NOW).server, servers[1]);
	servers[1]->in_flight = 4;
	assert_int_equal(pick_server(&wish, servers, 2, NULL, NOW).result, PICK_WAIT);
	for (int i = 0; i < 2; i++)
		server_free(servers[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(what_stock_and_our_servers_say_is_understood),
		CHECK(what_is_no_statistics_changes_nothing),
		CHECK(nonsense_is_unknown),
		CHECK(it_counts_for_a_while),
		CHECK(a_server_without_a_limit_has_a_slot_for_each_worker),
		CHECK(a_busy_or_full_machine_gets_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
