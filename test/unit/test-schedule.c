/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In what order jobs are granted. Each job writes its name into a line when its turn comes. */
#include "test/unit/farm.h"

#include "base/mem.h"
#include "gateway/schedule.h"

enum { SERVERS = 2, JOBS = 80 };

struct table;

struct ask {
	struct job job;
	struct table *table;
	char name;
	struct server *server;
	bool placed, denied;
	enum place place;
	char reason[24];
};

struct table {
	struct schedule schedule;
	struct server *servers[SERVERS];
	struct ask asks[JOBS];
	size_t n_asks;
	char order[JOBS + 1];			/* names, as they were served */
	int64_t now;
};

static void say(struct ask *ask)
{
	struct table *table = ask->table;

	table->order[strlen(table->order)] = ask->name;
}

static void granted(struct job *job, struct server *server, int protocol)
{
	struct ask *ask = job->context;

	assert_in_range(protocol, 1, 3);
	ask->server = server;
	say(ask);
}

static void placed(struct job *job, enum place place)
{
	struct ask *ask = job->context;

	ask->placed = true;
	ask->place = place;
	say(ask);
}

static void denied(struct job *job, const char *reason, const char *text)
{
	struct ask *ask = job->context;

	assert_non_null(text);
	ask->denied = true;
	strcpy(ask->reason, reason);
}

static struct table *table_make(const char *a, const char *b)
{
	struct table *table = mem_alloc(sizeof(*table));

	table->servers[0] = farm_server(a);
	table->servers[1] = farm_server(b);
	table->now = 1000000;
	return table;
}

static void run(struct table *table)
{
	schedule_run(&table->schedule, table->servers, SERVERS, table->now);
}

static void table_free(struct table **table)
{
	for (size_t i = 0; i < (*table)->n_asks; i++) {
		queue_remove(&(*table)->asks[i].job);
		job_release(&(*table)->asks[i].job);
	}
	run(*table);
	for (int i = 0; i < QUEUE_N; i++)
		assert_null((*table)->schedule.queues[i].owners);
	server_free((*table)->servers[0]);
	server_free((*table)->servers[1]);
	free(*table);
}
#define autotable __attribute__((cleanup(table_free))) struct table

/* A job, not queued yet: the test may change it. */
static struct ask *prepare(struct table *table, char name, enum job_kind kind, uid_t uid, const char *label)
{
	struct ask *ask = &table->asks[table->n_asks++];

	ask->table = table;
	ask->name = name;
	ask->job = (struct job){ .kind = kind, .uid = uid, .compiler = mem_strdup("gcc"), .label = mem_strdup(label), .protocol_min = 1,
				 .protocol_max = 2, .on_grant = granted, .on_place = placed, .on_deny = denied, .context = ask };
	return ask;
}

static void enter(struct table *table, struct ask *ask)
{
	schedule_add(&table->schedule, &ask->job, false, table->now);
}

static struct ask *ask_for(struct table *table, char name, enum job_kind kind, uid_t uid, const char *label)
{
	struct ask *ask = prepare(table, name, kind, uid, label);

	enter(table, ask);
	return ask;
}

static void finish(struct table *table, struct server *server)
{
	server->in_flight--;
	run(table);
}

static void jobs_of_one_build_go_in_the_order_they_came(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");

	(void)state;
	for (char name = 'a'; name <= 'd'; name++)
		ask_for(table, name, JOB_COMPILE, 1000, NULL);
	run(table);
	assert_string_equal(table->order, "a");
	for (int i = 0; i < 3; i++)
		finish(table, table->servers[0]);
	assert_string_equal(table->order, "abcd");
}

static void owners_take_turns_slot_by_slot(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");

	(void)state;
	for (int i = 0; i < 6; i++)
		ask_for(table, 'A', JOB_COMPILE, 1000, NULL);
	for (int i = 0; i < 3; i++)
		ask_for(table, 'B', JOB_COMPILE, 1001, NULL);
	for (int i = 0; i < 3; i++)
		ask_for(table, 'C', JOB_COMPILE, 1002, NULL);
	run(table);
	for (int i = 0; i < 11; i++)
		finish(table, table->servers[0]);
	assert_string_equal(table->order, "ABCABCABCAAA");
}

static void builds_of_one_owner_take_turns_too_and_get_no_more_than_its_share(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");

	(void)state;
	for (int i = 0; i < 4; i++)
		ask_for(table, 'a', JOB_COMPILE, 1000, "first");
	for (int i = 0; i < 2; i++)
		ask_for(table, 'b', JOB_COMPILE, 1000, "second");
	for (int i = 0; i < 6; i++)
		ask_for(table, 'C', JOB_COMPILE, 1001, "first");
	run(table);
	for (int i = 0; i < 11; i++)
		finish(table, table->servers[0]);
	assert_string_equal(table->order, "aCbCaCbCaCaC");
}

static void one_job_beside_a_big_build_is_next(void **state)
{
	autotable *table = table_make("10.0.0.1/2", "10.0.0.2/1,down");

	(void)state;
	for (int i = 0; i < 40; i++)
		ask_for(table, 'a', JOB_COMPILE, 1000, "big");
	run(table);
	for (int i = 0; i < 10; i++)
		finish(table, table->servers[0]);
	ask_for(table, 'X', JOB_COMPILE, 1000, "small");
	finish(table, table->servers[0]);
	assert_int_equal(table->order[12], 'X');
}

static void who_comes_and_goes_gets_no_more_turns_than_who_stays(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");
	struct ask *guest = NULL;
	size_t n_a = 0;

	(void)state;
	for (int i = 0; i < 30; i++)
		ask_for(table, 'A', JOB_COMPILE, 1000, NULL);
	run(table);
	/* B has one job at a time, always a new one, and has left the queue in between */
	for (int i = 0; i < 20; i++) {
		if (!guest || !job_is_queued(&guest->job))
			guest = ask_for(table, 'B', JOB_COMPILE, 1001, NULL);
		finish(table, table->servers[0]);
	}
	for (const char *at = table->order; *at; at++)
		n_a += *at == 'A';
	assert_in_range(n_a, 10, 12);
}

static void who_comes_late_is_not_owed_what_was_given_out_before(void **state)
{
	static const struct { uid_t uid; const char *label; } late[] = { { 1001, NULL }, { 1000, "another build" } };

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");

		for (int i = 0; i < 20; i++)
			ask_for(table, 'A', JOB_COMPILE, 1000, NULL);
		run(table);
		for (int i = 0; i < 9; i++)
			finish(table, table->servers[0]);
		for (int i = 0; i < 6; i++)
			ask_for(table, 'B', JOB_COMPILE, late[n].uid, late[n].label);
		assert_int_equal(schedule_n_queued(&table->schedule), 16);
		for (int i = 0; i < 6; i++)
			finish(table, table->servers[0]);
		assert_string_equal(table->order, "AAAAAAAAAABABABA");
	}
}

static bool serve_first(void *context, struct build *build)
{
	struct job *job = build->jobs;

	strncat(context, job->context, 2);
	queue_serve(job);
	return true;
}

static void among_equals_who_was_served_longest_ago_is_next(void **state)
{
	static const char names[] = "a\0b\0A\0B";
	struct queue queue = { 0 };
	struct job jobs[4];
	char order[8] = "";

	(void)state;
	for (int i = 0; i < 4; i++) {
		jobs[i] = (struct job){ .uid = (uid_t)(1000 + i % 2), .context = (void *)(uintptr_t)&names[2 * i] };
		queue_add(&queue, &jobs[i], false);
	}
	/* as when b's could move and a's could not: the second owner was first */
	queue_serve(&jobs[1]);
	queue_serve(&jobs[0]);
	queue_run(&queue, serve_first, order);
	assert_string_equal(order, "BA");
	queue_forget(&queue);
	assert_null(queue.owners);
}

static void a_nice_build_gets_less(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");
	size_t n_nice = 0;

	(void)state;
	for (int i = 0; i < 30; i++) {
		ask_for(table, 'a', JOB_COMPILE, 1000, "usual");
		enter(table, prepare(table, 'n', JOB_COMPILE, 1000, "nice"));
		table->asks[table->n_asks - 1].job.nice = 10;
	}
	run(table);
	for (int i = 0; i < 29; i++)
		finish(table, table->servers[0]);
	for (const char *at = table->order; *at; at++)
		n_nice += *at == 'n';
	/* 1024 to 9537 */
	assert_in_range(n_nice, 2, 4);
}

static void a_heavy_build_gets_more_within_its_users_share(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");
	size_t n_heavy = 0, n_other = 0;

	(void)state;
	for (int i = 0; i < 26; i++) {
		ask_for(table, 'l', JOB_COMPILE, 1000, "light");
		enter(table, prepare(table, 'h', JOB_COMPILE, 1000, "heavy"));
		table->asks[table->n_asks - 1].job.weight = 300;
		ask_for(table, 'o', JOB_COMPILE, 1001, "other");
	}
	run(table);
	for (int i = 0; i < 31; i++)
		finish(table, table->servers[0]);
	for (const char *at = table->order; *at; at++) {
		n_heavy += *at == 'h';
		n_other += *at == 'o';
	}
	assert_in_range(n_other, 15, 17);
	assert_in_range(n_heavy, 11, 13);
}

static void who_holds_slots_for_nothing_pays_with_turns(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");

	(void)state;
	for (int i = 0; i < 6; i++) {
		ask_for(table, 'a', JOB_COMPILE, 1000, NULL);
		ask_for(table, 'b', JOB_COMPILE, 1001, NULL);
	}
	run(table);
	/* a's first job has kept its server waiting for the time of three others; b's was quick */
	schedule_charge(&table->schedule, &table->asks[0].job, 1600, 500);
	schedule_charge(&table->schedule, &table->asks[1].job, 999, 0);
	for (int i = 0; i < 11; i++)
		finish(table, table->servers[0]);
	assert_memory_equal(table->order, "abbbb", 5);
	assert_int_equal(strlen(table->order), 12);
}

static void a_job_that_waits_for_a_special_server_holds_up_nobody(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/9");

	(void)state;
	table->servers[0]->in_flight = 1;
	for (int i = 0; i < 70; i++) {
		struct ask *ask = prepare(table, 's', JOB_COMPILE, 1000, NULL);

		ask->job.use = mem_strdup("10.0.0.1");
		enter(table, ask);
	}
	ask_for(table, 'x', JOB_COMPILE, 1000, NULL);
	run(table);
	assert_string_equal(table->order, "x");
}

static void each_denial_has_its_reason(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1");
	struct ask *nowhere = prepare(table, 'n', JOB_COMPILE, 1000, NULL), *tried = prepare(table, 't', JOB_COMPILE, 1000, NULL), *down;

	(void)state;
	nowhere->job.use = mem_strdup("elsewhere");
	tried->job.tried[0] = table->servers[0]->id;
	tried->job.tried[1] = table->servers[1]->id;
	tried->job.n_tried = 2;
	enter(table, nowhere);
	enter(table, tried);
	run(table);
	assert_string_equal(nowhere->reason, "no-server");
	assert_string_equal(tried->reason, "servers-tried");
	breaker_on_failure(&table->servers[0]->breaker, table->now, 0);
	breaker_on_failure(&table->servers[1]->breaker, table->now, 0);
	down = ask_for(table, 'd', JOB_COMPILE, 1000, NULL);
	run(table);
	assert_string_equal(down->reason, "servers-down");
}

static void the_impatient_go_first_when_their_time_is_near(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");
	struct ask *raw;

	(void)state;
	ask_for(table, 'a', JOB_COMPILE, 1000, NULL);
	ask_for(table, 'b', JOB_COMPILE, 1000, NULL);
	raw = prepare(table, 'R', JOB_COMPILE, 1000, NULL);
	raw->job.impatient = true;
	enter(table, raw);
	run(table);
	table->now += JOB_URGENT_MS;
	ask_for(table, 'c', JOB_COMPILE, 1000, NULL);
	finish(table, table->servers[0]);
	assert_string_equal(table->order, "aR");
}

static void a_replay_goes_to_the_front(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");
	struct ask *again;

	(void)state;
	table->servers[0]->in_flight = 1;
	ask_for(table, 'a', JOB_COMPILE, 1000, NULL);
	again = prepare(table, 'r', JOB_COMPILE, 1000, NULL);
	schedule_add(&table->schedule, &again->job, true, table->now);
	finish(table, table->servers[0]);
	assert_string_equal(table->order, "r");
}

/* ------------------------------------------------------------------ this machine */

static void places_here_are_counted_over_all_owners(void **state)
{
	autotable *table = table_make("10.0.0.1/9", "10.0.0.2/9");

	(void)state;
	table->schedule.places[PLACE_COMPILE].slots = 2;
	table->schedule.places[PLACE_CPP].slots = 1;
	ask_for(table, 'l', JOB_LOCAL, 1000, NULL);
	ask_for(table, 'L', JOB_LINK, 1001, NULL);
	ask_for(table, 'm', JOB_LINK, 1002, NULL);
	ask_for(table, 'p', JOB_CPP, 1000, NULL);
	ask_for(table, 'q', JOB_CPP, 1001, NULL);
	run(table);
	assert_int_equal(strlen(table->order), 3);
	assert_true(table->asks[0].placed && table->asks[1].placed && table->asks[3].placed);
	assert_int_equal(table->asks[3].place, PLACE_CPP);
	schedule_place_free(&table->schedule, PLACE_CPP, false, table->now);
	run(table);
	assert_true(table->asks[4].placed);
	assert_false(table->asks[2].placed);
}

static void stopped_holders_do_not_count(void **state)
{
	autotable *table = table_make("10.0.0.1/9", "10.0.0.2/9");

	(void)state;
	table->schedule.places[PLACE_COMPILE].slots = 1;
	ask_for(table, 'a', JOB_LOCAL, 1000, NULL);
	ask_for(table, 'b', JOB_LOCAL, 1000, NULL);
	run(table);
	assert_string_equal(table->order, "a");
	assert_true(table->schedule.wake_at_ms > 0);
	table->schedule.places[PLACE_COMPILE].stopped = 1;
	run(table);
	assert_string_equal(table->order, "ab");
}

static void who_saw_no_movement_for_long_is_let_in_and_counted(void **state)
{
	autotable *table = table_make("10.0.0.1/9", "10.0.0.2/9");

	(void)state;
	table->schedule.places[PLACE_COMPILE].slots = 1;
	for (char name = 'a'; name <= 'c'; name++)
		ask_for(table, name, JOB_LOCAL, 1000, NULL);
	run(table);
	table->now += PLACE_STUCK_MS - 1;
	run(table);
	assert_string_equal(table->order, "a");
	assert_in_range(table->schedule.wake_at_ms, table->now + 1, table->now + 1);
	table->now++;
	run(table);
	/* one, for that is movement */
	assert_string_equal(table->order, "ab");
	assert_int_equal(table->schedule.places[PLACE_COMPILE].n_overbooked, 1);
}

static struct ask *flexible(struct table *table, char name)
{
	struct ask *ask = prepare(table, name, JOB_COMPILE, 1000, NULL);

	ask->job.allow_here = true;
	enter(table, ask);
	return ask;
}

static void a_compile_runs_here_when_the_farm_is_full_and_that_is_sooner(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1,down");

	(void)state;
	table->schedule.places[PLACE_COMPILE].slots = 4;
	table->schedule.farm_here_slots = 1;
	farm_has_taken(table->servers[0], 1000, 0);
	for (int i = 0; i < 4; i++)
		estimate_add(&table->schedule.here, 1500, 0);
	flexible(table, 'a');
	flexible(table, 'b');
	flexible(table, 'c');
	run(table);
	assert_ptr_equal(table->asks[0].server, table->servers[0]);
	/* b: a second until the slot is free, and one more; here it is 1.5 s */
	assert_true(table->asks[1].placed);
	/* "localhost/1" invites one */
	assert_false(table->asks[2].placed);
	schedule_place_free(&table->schedule, PLACE_COMPILE, true, table->now);
	for (int i = 0; i < 8; i++)
		estimate_add(&table->schedule.here, 9000, 0);
	run(table);
	assert_false(table->asks[2].placed);
}

static void a_compile_runs_here_when_no_server_is_left_and_only_if_it_may(void **state)
{
	autotable *table = table_make("10.0.0.1/1", "10.0.0.2/1");
	struct ask *far;

	(void)state;
	breaker_on_failure(&table->servers[0]->breaker, table->now, 0);
	breaker_on_failure(&table->servers[1]->breaker, table->now, 0);
	table->schedule.places[PLACE_COMPILE].slots = 2;
	table->schedule.farm_here_slots = 2;
	far = ask_for(table, 'f', JOB_COMPILE, 1000, NULL);
	flexible(table, 'a');
	flexible(table, 'b')->job.use = mem_strdup("10.0.0.1");
	run(table);
	assert_true(far->denied);
	assert_true(table->asks[1].placed);
	assert_true(table->asks[2].denied);
}

static void waiting_for_a_faster_server_has_an_end(void **state)
{
	autotable *table = table_make("10.0.0.1/4", "10.0.0.2/4");

	(void)state;
	farm_has_taken(table->servers[0], 9000, 0);
	farm_has_taken(table->servers[1], 1000, 0);
	table->servers[1]->in_flight = 4;
	ask_for(table, 'a', JOB_COMPILE, 1000, NULL);
	run(table);
	assert_string_equal(table->order, "");
	assert_in_range(table->schedule.wake_at_ms, table->now + 1000, table->now + 6000);
	table->now = table->schedule.wake_at_ms;
	run(table);
	assert_ptr_equal(table->asks[0].server, table->servers[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(jobs_of_one_build_go_in_the_order_they_came),
		CHECK(owners_take_turns_slot_by_slot),
		CHECK(builds_of_one_owner_take_turns_too_and_get_no_more_than_its_share),
		CHECK(one_job_beside_a_big_build_is_next),
		CHECK(who_comes_and_goes_gets_no_more_turns_than_who_stays),
		CHECK(who_comes_late_is_not_owed_what_was_given_out_before),
		CHECK(among_equals_who_was_served_longest_ago_is_next),
		CHECK(a_nice_build_gets_less),
		CHECK(who_holds_slots_for_nothing_pays_with_turns),
		CHECK(a_heavy_build_gets_more_within_its_users_share),
		CHECK(a_job_that_waits_for_a_special_server_holds_up_nobody),
		CHECK(each_denial_has_its_reason),
		CHECK(the_impatient_go_first_when_their_time_is_near),
		CHECK(a_replay_goes_to_the_front),
		CHECK(places_here_are_counted_over_all_owners),
		CHECK(stopped_holders_do_not_count),
		CHECK(who_saw_no_movement_for_long_is_let_in_and_counted),
		CHECK(a_compile_runs_here_when_the_farm_is_full_and_that_is_sooner),
		CHECK(a_compile_runs_here_when_no_server_is_left_and_only_if_it_may),
		CHECK(waiting_for_a_faster_server_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
