/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One job between a client and a server that the test plays itself: what is checked, when a server is
 * given up, and that the request survives it. */
#include "test/unit/farm.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "gateway/relay.h"
#include "gateway/second.h"

#define REQUEST "DIST00000001ARGC00000002ARGV00000003gccARGV00000002-cDOTI00000004text"
#define REPLY "DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000003obj"
#define NO_COMPILER "DONE00000001STAT00006e00SERR00000000SOUT00000000DOTO00000000"
#define KILLED "DONE00000001STAT00000009SERR00000000SOUT00000000DOTO00000000"

enum { TICK_MS = 60 };			/* the deadlines of these relays: long enough for a loopback, short for a test */

static const struct relay_times times = {
	.connect_ms = TICK_MS, .try_address_ms = TICK_MS, .ssh_ms = TICK_MS, .progress_ms = TICK_MS, .late_ms = TICK_MS,
	.silent_ms = TICK_MS, .stall_ms = TICK_MS,
	.answer_ms = 5 * TICK_MS,
};

struct scene {
	struct gateway gateway;
	struct relay relay;
	struct server *server;
	int listener, peer;
	struct server *idle;		/* for a second attempt */
	int idle_listener, idle_peer;
	unsigned n_asked;
	bool answered, faulted, another_is_free;
	enum relay_fault fault;
	char why[160];
};

static void on_fault(void *context, enum relay_fault fault, const char *why)
{
	struct scene *scene = context;

	scene->faulted = true;
	scene->fault = fault;
	snprintf(scene->why, sizeof(scene->why), "%s", why);
	event_base_loopbreak(scene->gateway.base);
}

static void on_answered(void *context)
{
	struct scene *scene = context;

	scene->answered = true;
	event_base_loopbreak(scene->gateway.base);
}

static enum pick_result elsewhere(void *context)
{
	return ((struct scene *)context)->another_is_free ? PICK_FOUND : PICK_ALL_TRIED;
}

static int listen_here(struct sock_addr *addr, int backlog)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&addr->storage;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(addr, 0, sizeof(*addr));
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr->len = sizeof(*in);
	assert_int_equal(bind(fd, (struct sockaddr *)in, sizeof(*in)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	getsockname(fd, (struct sockaddr *)&addr->storage, &addr->len);
	return fd;
}

static void scene_open(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->peer = -1;
	scene->gateway.base = event_base_new();
	scene->gateway.pool.dir_fd = -1;
	feed_init(&scene->gateway.feed);
	scene->server = farm_server("127.0.0.1/4");
	scene->listener = listen_here(&scene->server->addrs[0], 4);
	scene->server->in_flight = 1;
	relay_init(&scene->relay, &scene->gateway);
	scene->relay.seen = mem_alloc(sizeof(*scene->relay.seen));
	scene->relay.times = &times;
	scene->relay.compiler = "gcc";
	scene->relay.on_fault = on_fault;
	scene->relay.on_answered = on_answered;
	scene->relay.elsewhere = elsewhere;
	scene->relay.context = scene;
}

static void scene_close(struct scene *scene)
{
	struct feed_job *seen = scene->relay.seen;

	relay_release(&scene->relay);
	assert_int_equal(scene->server->in_flight, 0);
	assert_int_equal(scene->gateway.pool.memory + scene->gateway.pool.files, 0);
	free(seen);
	feed_release(&scene->gateway.feed);
	server_free(scene->server);
	event_base_free(scene->gateway.base);
	fd_close(&scene->listener);
	fd_close(&scene->peer);
}
#define autoscene __attribute__((cleanup(scene_close))) struct scene

static void give(struct scene *scene, const char *request)
{
	struct err err = ERR_INIT;

	assert_ok(relay_add_request(&scene->relay, request, strlen(request), &err));
}

/* The loop until something is said, or for so many ticks. */
static void run(struct scene *scene, int ticks)
{
	struct timeval tv = { 0, ticks * TICK_MS * 1000 };

	event_base_loopexit(scene->gateway.base, &tv);
	event_base_dispatch(scene->gateway.base);
}

/* The server's side, up to where it has read the request. */
static void serve(struct scene *scene)
{
	char request[sizeof(REQUEST)] = "";

	event_base_loop(scene->gateway.base, EVLOOP_NONBLOCK);
	scene->peer = accept4(scene->listener, NULL, NULL, SOCK_CLOEXEC);
	for (size_t at = 0; at < strlen(REQUEST);) {
		ssize_t n;

		event_base_loop(scene->gateway.base, EVLOOP_NONBLOCK);
		n = recv(scene->peer, request + at, strlen(REQUEST) - at, MSG_DONTWAIT);
		at += n > 0 ? (size_t)n : 0;
	}
	assert_string_equal(request, REQUEST);
}

static void say(struct scene *scene, const char *text)
{
	assert_int_equal(write(scene->peer, text, strlen(text)), strlen(text));
}

static void a_job_is_done_when_the_whole_reply_has_come(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
	say(&scene, "DONE00000001STAT00000000SERR");
	event_base_loop(scene.gateway.base, EVLOOP_ONCE);
	assert_false(scene.answered);
	say(&scene, REPLY + 28);
	run(&scene, 10);
	assert_true(scene.answered);
	assert_int_equal(scene.relay.reply.size, strlen(REPLY));
	assert_int_equal(scene.server->in_flight, 0);
	assert_int_equal(scene.server->n_done, 1);
	assert_int_equal(scene.server->service.n, 1);
}

static void a_close_without_an_answer_is_a_refusal_and_no_fault_of_the_way(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
	fd_close(&scene.peer);
	run(&scene, 10);
	assert_true(scene.faulted);
	assert_int_equal(scene.fault, FAULT_REFUSED);
	assert_int_equal(scene.server->breaker.failures, 0);
	assert_int_equal(scene.relay.request.size, strlen(REQUEST));
}

static void the_kept_request_is_sent_to_the_next_server(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
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

static void a_missing_compiler_is_remembered(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	server_note_refusal(scene.server, "gcc", clock_now_ms());
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
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
		give(&scene, REQUEST);
		relay_start(&scene.relay, scene.server);
		serve(&scene);
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

static void a_full_disk_of_ours_strikes_no_server_and_leaves_room_for_the_next_probe(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	breaker_on_failure(&scene.server->breaker, clock_now_ms() - 10000, 0);
	scene.relay.is_probe = breaker_on_start(&scene.server->breaker, clock_now_ms());
	assert_true(scene.relay.is_probe);
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
	/* where the answer would be kept */
	scene.relay.reply.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
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
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
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
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
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
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
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
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
	run(&scene, 2);
	assert_true(scene.relay.was_moved);
}

static void a_silent_server_keeps_the_job_if_no_other_is_free_or_it_answers_others(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
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
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
	run(&scene, 10);
	assert_true(scene.faulted);
	assert_string_equal(scene.why, "no answer for too long");
}

/* ------------------------------------------------------------------ a second attempt */

static void on_late(void *context)
{
	struct scene *scene = context;

	scene->n_asked++;
	if (!scene->another_is_free)
		return;
	scene->idle->in_flight++;
	second_start(&scene->relay, scene->idle);
}

/* A job whose server has it and says nothing, and another server that has nothing to do, or not yet. */
static void scene_open_late(struct scene *scene, bool another_is_free)
{
	scene_open(scene);
	scene->idle_peer = -1;
	scene->idle = farm_server("127.0.0.2/4");
	scene->idle_listener = listen_here(&scene->idle->addrs[0], 4);
	scene->relay.on_late = on_late;
	scene->another_is_free = another_is_free;
	/* long, so that only the second attempt can end it; a stall is looked for elsewhere */
	scene->relay.was_moved = true;
	farm_has_taken(scene->server, 1, 0);
	give(scene, REQUEST);
	relay_start(&scene->relay, scene->server);
	serve(scene);
}

static void scene_close_late(struct scene *scene)
{
	relay_release(&scene->relay);
	assert_null(scene->relay.second);
	assert_int_equal(scene->idle->in_flight, 0);
	server_free(scene->idle);
	fd_close(&scene->idle_listener);
	fd_close(&scene->idle_peer);
	scene_close(scene);
}
#define autolate __attribute__((cleanup(scene_close_late))) struct scene

/* The other server's side, once it is asked. */
static void serve_second(struct scene *scene)
{
	char request[sizeof(REQUEST)] = "";

	while (!scene->relay.second || scene->relay.second->request_sent < strlen(REQUEST))
		event_base_loop(scene->gateway.base, EVLOOP_ONCE);
	scene->idle_peer = accept4(scene->idle_listener, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(recv(scene->idle_peer, request, strlen(REQUEST), MSG_WAITALL), strlen(REQUEST));
	assert_string_equal(request, REQUEST);
}

static void answer_second(struct scene *scene, const char *text)
{
	assert_int_equal(write(scene->idle_peer, text, strlen(text)), strlen(text));
}

static void a_late_job_is_answered_by_a_second_server_and_nobody_is_blamed(void **state)
{
	autolate scene;

	(void)state;
	scene_open_late(&scene, true);
	serve_second(&scene);
	answer_second(&scene, REPLY);
	run(&scene, 10);
	assert_true(scene.answered);
	assert_int_equal(scene.relay.reply.size, strlen(REPLY));
	assert_string_equal(scene.relay.seen->server, scene.idle->label);
	assert_int_equal(scene.server->in_flight, 0);
	assert_int_equal(scene.server->breaker.failures + scene.server->n_failed, 0);
	assert_int_equal(scene.gateway.counters.overtaken, 1);
}

static void the_first_server_may_still_be_the_first(void **state)
{
	autolate scene;

	(void)state;
	scene_open_late(&scene, true);
	serve_second(&scene);
	say(&scene, REPLY);
	run(&scene, 10);
	assert_true(scene.answered);
	assert_int_equal(scene.idle->in_flight, 0);
	assert_int_equal(scene.gateway.counters.seconds, 1);
	assert_int_equal(scene.gateway.counters.overtaken, 0);
}

static void the_second_attempt_goes_on_when_the_first_fails(void **state)
{
	autolate scene;

	(void)state;
	scene_open_late(&scene, true);
	serve_second(&scene);
	fd_close(&scene.peer);
	run(&scene, 2);
	assert_false(scene.faulted);
	assert_int_equal(scene.server->in_flight, 0);
	answer_second(&scene, REPLY);
	run(&scene, 10);
	assert_true(scene.answered);
}

static void when_both_fail_that_is_one_failure(void **state)
{
	autolate scene;

	(void)state;
	scene_open_late(&scene, true);
	serve_second(&scene);
	fd_close(&scene.peer);
	run(&scene, 2);
	fd_close(&scene.idle_peer);
	run(&scene, 10);
	assert_true(scene.faulted);
	assert_false(scene.answered);
	assert_int_equal(scene.relay.request.size, strlen(REQUEST));
}

static void a_second_attempt_that_fails_leaves_the_first_alone(void **state)
{
	autolate scene;

	(void)state;
	scene_open_late(&scene, true);
	serve_second(&scene);
	scene.another_is_free = false;
	answer_second(&scene, KILLED);
	run(&scene, 2);
	assert_false(scene.faulted);
	assert_false(scene.answered);
	say(&scene, REPLY);
	run(&scene, 10);
	assert_true(scene.answered);
}

static void a_stall_in_mid_answer_is_late_too(void **state)
{
	autolate scene;

	(void)state;
	scene_open_late(&scene, false);
	scene.relay.times = &(struct relay_times){ .progress_ms = 50 * TICK_MS, .late_ms = TICK_MS, .stall_ms = TICK_MS, .answer_ms = 99 * TICK_MS };
	say(&scene, "DONE00000001STAT0000");
	run(&scene, 2);
	scene.another_is_free = true;
	serve_second(&scene);
	answer_second(&scene, REPLY);
	run(&scene, 10);
	assert_true(scene.answered);
	assert_int_equal(scene.relay.reply.size, strlen(REPLY));
}

static void without_a_free_server_a_late_job_is_waited_for(void **state)
{
	autolate scene;

	(void)state;
	scene_open_late(&scene, false);
	run(&scene, 3);
	assert_in_range(scene.n_asked, 1, 4);
	assert_false(scene.faulted);
	assert_null(scene.relay.second);
	say(&scene, REPLY);
	run(&scene, 10);
	assert_true(scene.answered);
}

static void a_client_that_leaves_ends_both_attempts(void **state)
{
	autolate scene;
	char byte;

	(void)state;
	scene_open_late(&scene, true);
	serve_second(&scene);
	relay_release(&scene.relay);
	assert_int_equal(read(scene.peer, &byte, 1), 0);
	assert_int_equal(read(scene.idle_peer, &byte, 1), 0);
}

/* Jobs that were answered before it fell silent do not speak for it now. */
static void a_server_that_fell_silent_after_an_answer_loses_the_job(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	scene.another_is_free = true;
	farm_has_taken(scene.server, 1, 0);
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
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
	scene.relay.request = (struct spool)SPOOL_INIT;
	spool_init(&scene.relay.request, &scene.gateway.pool);
	walk_request_init(&scene.relay.request_walk, &walk_limits_default);
	give(&scene, REQUEST);
	assert_true(scene.relay.request_whole);
	assert_string_equal(scene.relay.argv0, "gcc");
	assert_fails(relay_add_request(&scene.relay, "x", 1, &err), ERR_PROTOCOL, "follow");
	scene.server->in_flight = 0;
}

static void a_reply_that_is_none_is_a_fault_of_the_server(void **state)
{
	autoscene scene;

	(void)state;
	scene_open(&scene);
	give(&scene, REQUEST);
	relay_start(&scene.relay, scene.server);
	serve(&scene);
	say(&scene, "HTTP/1.1 400 Bad Request\r\n");
	run(&scene, 10);
	assert_true(scene.faulted);
	assert_int_equal(scene.fault, FAULT_TRANSPORT);
	assert_int_equal(scene.relay.reply.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_job_is_done_when_the_whole_reply_has_come),
		CHECK(a_close_without_an_answer_is_a_refusal_and_no_fault_of_the_way),
		CHECK(the_kept_request_is_sent_to_the_next_server),
		CHECK(a_missing_compiler_is_remembered),
		CHECK(a_missing_compiler_and_a_killed_one_are_looked_for_elsewhere),
		CHECK(a_full_disk_of_ours_strikes_no_server_and_leaves_room_for_the_next_probe),
		CHECK(a_stall_in_the_middle_of_an_answer_is_given_up),
		CHECK(an_answer_that_trickles_is_waited_for),
		CHECK(a_silent_server_loses_the_job_if_another_is_free),
		CHECK(a_job_that_takes_many_times_the_usual_is_moved_sooner),
		CHECK(a_silent_server_keeps_the_job_if_no_other_is_free_or_it_answers_others),
		CHECK(a_late_job_is_answered_by_a_second_server_and_nobody_is_blamed),
		CHECK(the_first_server_may_still_be_the_first),
		CHECK(the_second_attempt_goes_on_when_the_first_fails),
		CHECK(when_both_fail_that_is_one_failure),
		CHECK(a_second_attempt_that_fails_leaves_the_first_alone),
		CHECK(a_stall_in_mid_answer_is_late_too),
		CHECK(without_a_free_server_a_late_job_is_waited_for),
		CHECK(a_client_that_leaves_ends_both_attempts),
		CHECK(a_server_that_fell_silent_after_an_answer_loses_the_job),
		CHECK(there_is_an_end_to_waiting_for_an_answer),
		CHECK(an_address_that_refuses_or_is_silent_is_followed_by_the_next),
		CHECK(a_connect_that_is_not_answered_ends_and_strikes_the_server),
		CHECK(what_is_no_request_is_an_offence),
		CHECK(a_reply_that_is_none_is_a_fault_of_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
