/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One job between a client and a server: what is checked, when a server is given up, and that the request
 * survives it. */
#include "test/unit/scene.h"

#include <fcntl.h>

static void a_job_is_done_when_the_whole_reply_has_come(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	ask(&scene);
	say(&scene, "DONE00000001STAT00000000SERR");
	event_base_loop(scene.gateway.base, EVLOOP_ONCE);
	assert_false(scene.answered);
	say(&scene, REPLY + 28);
	run(&scene, 10);
	assert_true(scene.answered);
	assert_int_equal(scene.relay.answer.spool.size, strlen(REPLY));
	assert_int_equal(scene.server->in_flight, 0);
	assert_int_equal(scene.server->n_done, 1);
	assert_int_equal(scene.server->service.n, 1);
}

static void a_close_without_an_answer_is_a_refusal_and_no_fault_of_the_way(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	ask(&scene);
	fd_close(&scene.peer);
	run(&scene, 10);
	assert_true(scene.faulted);
	assert_int_equal(scene.fault, FAULT_REFUSED);
	assert_int_equal(scene.server->breaker.failures, 0);
	assert_int_equal(scene.relay.request.spool.size, strlen(REQUEST));
}

/* With an answer in pieces ssh must say something: it is told that we are done. Others see no end before the end. */
static void only_over_ssh_an_answer_in_pieces_is_hurried(void **state)
{
	static const char begin[] = "DONE00000001STAT0000";
	char byte;

	(void)state;
	for (int over_ssh = 0; over_ssh < 2; over_ssh++) {
		autoscene scene;

		scene_open(&scene);
		scene.relay.times = &relay_times_default;
		ask(&scene);
		if (over_ssh)
			scene.server->spec.kind = HOST_SSH, scene.server->spec.forward = true;
		say(&scene, begin);
		run(&scene, 1);
		assert_int_equal(recv(scene.peer, &byte, 1, MSG_DONTWAIT), over_ssh ? 0 : -1);
		say(&scene, REPLY + strlen(begin));
		run(&scene, 10);
		assert_true(scene.answered);
	}
}

static void the_kept_request_is_sent_to_the_next_server(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	ask(&scene);
	say(&scene, "DONE0000");
	fd_close(&scene.peer);
	run(&scene, 10);
	assert_int_equal(scene.fault, FAULT_TRANSPORT);
	assert_int_equal(scene.server->breaker.failures, 1);
	scene.server->in_flight = 1;
	relay_start(&scene.relay, scene.server);
	serve(&scene);
	say(&scene, REPLY);
	run(&scene, 10);
	assert_true(scene.answered);
	assert_int_equal(scene.server->breaker.failures, 0);
}

static void a_compiler_that_is_wrong_is_not_right_because_it_finds_errors(void **state)
{
	static const char *const answers[] = { "DONE00000001STAT00000100SERR00000000SOUT00000000DOTO00000000", REPLY };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		autoscene scene;

		scene_open(&scene);
		server_note_refusal(scene.server, "gcc", clock_now_ms());
		server_note_refusal(scene.server, "gcc", clock_now_ms());
		ask(&scene);
		say(&scene, answers[i]);
		run(&scene, 10);
		assert_true(scene.answered);
		assert_int_equal(server_refuses(scene.server, "gcc", clock_now_ms()), i == 0);
	}
}

static void a_missing_compiler_is_remembered(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	server_note_refusal(scene.server, "gcc", clock_now_ms());
	ask(&scene);
	say(&scene, NO_COMPILER);
	run(&scene, 10);
	assert_true(scene.answered);
	assert_true(server_refuses(scene.server, "gcc", clock_now_ms()));
	/* an error's time says nothing about the next job */
	assert_int_equal(scene.server->service.n, 0);
}

static void a_missing_compiler_and_a_killed_one_are_looked_for_elsewhere(void **state)
{
	static const struct { const char *reply; enum relay_fault fault; } rows[] = {
		{ NO_COMPILER, FAULT_REFUSED }, { KILLED, FAULT_JOB },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		autoscene scene;

		scene_open(&scene);
		scene.another_is_free = true;
		ask(&scene);
		say(&scene, rows[i].reply);
		run(&scene, 10);
		assert_true(scene.faulted);
		assert_int_equal(scene.fault, rows[i].fault);
		assert_int_equal(scene.server->breaker.failures, 0);
		/* once may be the job's fault; twice in a row is no chance */
		assert_false(server_refuses(scene.server, "gcc", clock_now_ms()));
		server_note_refusal(scene.server, "gcc", clock_now_ms());
		assert_true(server_refuses(scene.server, "gcc", clock_now_ms()));
	}
}

static void an_object_for_another_machine_is_passed_on_only_where_nobody_makes_a_better_one(void **state)
{
	(void)state;
	for (int another = 0; another < 2; another++) {
		autoscene scene;

		scene_open(&scene);
		scene.relay.object = "7f454c46";
		scene.another_is_free = another;
		server_note_refusal(scene.server, "gcc", clock_now_ms());
		ask(&scene);
		say(&scene, REPLY);
		run(&scene, 10);
		assert_int_equal(scene.faulted, another);
		assert_int_equal(scene.answered, !another);
		assert_true(server_refuses(scene.server, "gcc", clock_now_ms()));
		assert_int_equal(scene.server->breaker.failures, 0);
	}
}

static void a_full_disk_of_ours_strikes_no_server_and_leaves_room_for_the_next_probe(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	breaker_on_failure(&scene.server->breaker, clock_now_ms() - 10000, 0);
	scene.relay.is_probe = breaker_on_start(&scene.server->breaker, clock_now_ms());
	assert_true(scene.relay.is_probe);
	ask(&scene);
	/* where the answer would be kept */
	scene.relay.answer.spool.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
	say(&scene, REPLY);
	run(&scene, 10);
	assert_true(scene.faulted);
	assert_int_equal(scene.fault, FAULT_JOB);
	assert_int_equal(scene.server->breaker.failures, 1);
	assert_true(breaker_lets_through(&scene.server->breaker, clock_now_ms()));
}

static void a_stall_in_the_middle_of_an_answer_is_given_up(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	ask(&scene);
	say(&scene, "DONE00000001STAT0000");
	run(&scene, 4);
	assert_true(scene.faulted);
	assert_int_equal(scene.fault, FAULT_TRANSPORT);
	assert_string_equal(scene.why, "it stopped in the middle of its answer");
}

static void an_answer_that_trickles_is_waited_for(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	ask(&scene);
	for (size_t at = 0; at < 8; at++) {
		assert_int_equal(write(scene.peer, REPLY + at, 1), 1);
		event_base_loop(scene.gateway.base, EVLOOP_ONCE);
	}
	assert_false(scene.faulted);
	say(&scene, REPLY + 8);
	run(&scene, 10);
	assert_true(scene.answered);
}

static void a_silent_server_loses_the_job_if_another_is_free(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	scene.another_is_free = true;
	ask(&scene);
	run(&scene, 2);
	/* nothing is known of how long such a job takes: not yet */
	assert_false(scene.faulted);
	run(&scene, 3);
	assert_true(scene.faulted);
	assert_true(scene.relay.was_moved);
	assert_int_equal(scene.gateway.counters.moved, 1);
}

static void a_job_that_takes_many_times_the_usual_is_moved_sooner(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	scene.another_is_free = true;
	farm_has_taken(scene.server, 1, 0);
	ask(&scene);
	run(&scene, 2);
	assert_true(scene.relay.was_moved);
}

static void a_silent_server_keeps_the_job_if_no_other_is_free_or_it_answers_others(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	ask(&scene);
	run(&scene, 3);
	assert_false(scene.faulted);
	scene.another_is_free = true;
	scene.server->answered_at_ms = clock_now_ms();
	run(&scene, 1);
	assert_false(scene.faulted);
	say(&scene, REPLY);
	run(&scene, 1);
	assert_true(scene.answered);
}

static void there_is_an_end_to_waiting_for_an_answer(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	ask(&scene);
	run(&scene, 10);
	assert_true(scene.faulted);
	assert_string_equal(scene.why, "no answer for too long");
}

/* Jobs that were answered before it fell silent do not speak for it now. */
static void a_server_that_fell_silent_after_an_answer_loses_the_job(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	scene.another_is_free = true;
	farm_has_taken(scene.server, 1, 0);
	ask(&scene);
	scene.server->answered_at_ms = clock_now_ms() + 1;
	run(&scene, 4);
	assert_true(scene.relay.was_moved);
}

static void an_address_that_refuses_or_is_silent_is_followed_by_the_next(void **state)
{
	autoscene scene;
	struct sock_addr dead, full;
	int silent, filler[2];

	(void)state;
	scene_open(&scene);
	fd_close(&(int){ listen_here(&dead, 1) });
	/* a backlog that is full leaves connects without an answer */
	silent = listen_here(&full, 0);
	for (int i = 0; i < 2; i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(filler[i], (struct sockaddr *)&full.storage, full.len);
	}
	scene.server->addrs[2] = scene.server->addrs[0];
	scene.server->addrs[0] = dead;
	scene.server->addrs[1] = full;
	scene.server->n_addrs = 3;
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	for (int i = 0; i < 10 && scene.relay.state == RELAY_DIALLING; i++)
		run(&scene, 1);
	assert_false(scene.faulted);
	serve(&scene);
	say(&scene, REPLY);
	run(&scene, 10);
	assert_true(scene.answered);
	/* and the one that worked is remembered */
	assert_int_equal(scene.server->next_addr % 3, 2);
	close(silent);
	close(filler[0]);
	close(filler[1]);
}

static void a_connect_that_is_not_answered_ends_and_strikes_the_server(void **state)
{
	autoscene scene;
	int filler[2];

	(void)state;
	scene_open(&scene);
	fd_close(&scene.listener);
	scene.listener = listen_here(&scene.server->addrs[0], 0);
	for (int i = 0; i < 2; i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(filler[i], (struct sockaddr *)&scene.server->addrs[0].storage, scene.server->addrs[0].len);
	}
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	run(&scene, 4);
	assert_true(scene.faulted);
	assert_int_equal(scene.server->breaker.failures, 1);
	close(filler[0]);
	close(filler[1]);
}

static void what_is_no_request_is_an_offence(void **state)
{
	autoscene scene;
	struct err err = ERR_INIT;

	(void)state;
	scene_open(&scene);
	assert_fails(relay_add_request(&scene.relay, "GET / HTTP/1.0\r\n", 16, &err), ERR_PROTOCOL, "");
	relay_release(&scene.relay);
	intake_init(&scene.relay.request, &scene.gateway.pool);
	give(&scene, REQUEST);
	assert_true(scene.relay.request.whole);
	assert_string_equal(scene.relay.request.argv0, "gcc");
	assert_fails(relay_add_request(&scene.relay, "x", 1, &err), ERR_PROTOCOL, "follow");
	scene.server->in_flight = 0;
}

static void a_reply_that_is_none_is_a_fault_of_the_server(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	ask(&scene);
	say(&scene, "HTTP/1.1 400 Bad Request\r\n");
	run(&scene, 10);
	assert_true(scene.faulted);
	assert_int_equal(scene.fault, FAULT_TRANSPORT);
	assert_int_equal(scene.relay.answer.spool.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_job_is_done_when_the_whole_reply_has_come),
		CHECK(a_close_without_an_answer_is_a_refusal_and_no_fault_of_the_way),
		CHECK(only_over_ssh_an_answer_in_pieces_is_hurried),
		CHECK(the_kept_request_is_sent_to_the_next_server),
		CHECK(a_compiler_that_is_wrong_is_not_right_because_it_finds_errors),
		CHECK(a_missing_compiler_is_remembered),
		CHECK(a_missing_compiler_and_a_killed_one_are_looked_for_elsewhere),
		CHECK(an_object_for_another_machine_is_passed_on_only_where_nobody_makes_a_better_one),
		CHECK(a_full_disk_of_ours_strikes_no_server_and_leaves_room_for_the_next_probe),
		CHECK(a_stall_in_the_middle_of_an_answer_is_given_up),
		CHECK(an_answer_that_trickles_is_waited_for),
		CHECK(a_silent_server_loses_the_job_if_another_is_free),
		CHECK(a_job_that_takes_many_times_the_usual_is_moved_sooner),
		CHECK(a_silent_server_keeps_the_job_if_no_other_is_free_or_it_answers_others),
		CHECK(a_server_that_fell_silent_after_an_answer_loses_the_job),
		CHECK(there_is_an_end_to_waiting_for_an_answer),
		CHECK(an_address_that_refuses_or_is_silent_is_followed_by_the_next),
		CHECK(a_connect_that_is_not_answered_ends_and_strikes_the_server),
		CHECK(what_is_no_request_is_an_offence),
		CHECK(a_reply_that_is_none_is_a_fault_of_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
