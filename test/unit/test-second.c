/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A job that is late at its server, and an idle server that tries it too. */
#include "test/unit/scene.h"

#include "gateway/second.h"

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
	feed_job_wanted(&scene->gateway.feed, scene->relay.seen, 7, 1, "b", "a.c", "gcc", 0);
	feed_job_granted(&scene->gateway.feed, scene->relay.seen, scene->server->label, 0);
	ask(scene);
}

/* What became of the attempt at that server, or FEED_GRANTED. */
static enum feed_kind end_of(const struct scene *scene, const struct server *server)
{
	const struct feed_event *event;
	enum feed_kind end = FEED_GRANTED;

	for (uint64_t seq = 0; (event = feed_next(&scene->gateway.feed, seq)); seq = event->seq)
		if (strcmp(event->server, server->label) == 0 && event->kind != FEED_SECOND)
			end = event->kind;
	return end;
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
	assert_int_equal(scene.relay.answer.spool.size, strlen(REPLY));
	assert_string_equal(scene.relay.seen->server, scene.idle->label);
	assert_int_equal(scene.server->in_flight, 0);
	assert_int_equal(scene.server->breaker.failures + scene.server->n_failed, 0);
	assert_int_equal(scene.gateway.counters.overtaken, 1);
	assert_int_equal(end_of(&scene, scene.server), FEED_ABANDONED);
	assert_int_equal(end_of(&scene, scene.idle), FEED_GRANTED);
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
	assert_int_equal(scene.gateway.feed.n[FEED_SECOND], 1);
	assert_int_equal(end_of(&scene, scene.idle), FEED_ABANDONED);
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
	assert_int_equal(end_of(&scene, scene.server), FEED_ABANDONED);
	assert_string_equal(scene.relay.seen->server, scene.idle->label);
	answer_second(&scene, REPLY);
	run(&scene, 10);
	assert_true(scene.answered);
	assert_int_equal(scene.gateway.feed.n[FEED_ABANDONED], 1);
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
	/* of the last one it is told as of any that is tried again */
	assert_int_equal(scene.gateway.feed.n[FEED_ABANDONED], 1);
	assert_int_equal(scene.relay.request.spool.size, strlen(REQUEST));
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
	assert_int_equal(end_of(&scene, scene.idle), FEED_ABANDONED);
	assert_string_equal(scene.relay.seen->server, scene.server->label);
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
	assert_int_equal(scene.relay.answer.spool.size, strlen(REPLY));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_late_job_is_answered_by_a_second_server_and_nobody_is_blamed),
		CHECK(the_first_server_may_still_be_the_first),
		CHECK(the_second_attempt_goes_on_when_the_first_fails),
		CHECK(when_both_fail_that_is_one_failure),
		CHECK(a_second_attempt_that_fails_leaves_the_first_alone),
		CHECK(a_stall_in_mid_answer_is_late_too),
		CHECK(without_a_free_server_a_late_job_is_waited_for),
		CHECK(a_client_that_leaves_ends_both_attempts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
