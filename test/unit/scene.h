/* test/unit/scene.h - one job of a relay, whose client and server the test plays itself. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEST_SCENE_H
#define TEST_SCENE_H

#include "test/unit/farm.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "gateway/relay.h"

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
	unsigned n_asked;		/* times that a second attempt was thought of */
	bool answered, faulted, another_is_free;
	enum relay_fault fault;
	char why[160];
};

static inline void on_fault(void *context, enum relay_fault fault, const char *why)
{
	struct scene *scene = context;

	scene->faulted = true;
	scene->fault = fault;
	snprintf(scene->why, sizeof(scene->why), "%s", why);
	event_base_loopbreak(scene->gateway.base);
}

static inline void on_answered(void *context)
{
	struct scene *scene = context;

	scene->answered = true;
	event_base_loopbreak(scene->gateway.base);
}

static inline enum pick_result elsewhere(void *context)
{
	return ((struct scene *)context)->another_is_free ? PICK_FOUND : PICK_ALL_TRIED;
}

static inline int listen_here(struct sock_addr *addr, int backlog)
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

static inline void scene_open(struct scene *scene)
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
	scene->relay.toolchain = "gcc";
	scene->relay.on_fault = on_fault;
	scene->relay.on_answered = on_answered;
	scene->relay.elsewhere = elsewhere;
	scene->relay.context = scene;
}

static inline void scene_close(struct scene *scene)
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

static inline void give(struct scene *scene, const char *request)
{
	struct err err = ERR_INIT;

	assert_ok(relay_add_request(&scene->relay, request, strlen(request), &err));
}

/* The loop until something is said, or for so many ticks. */
static inline void run(struct scene *scene, int ticks)
{
	struct timeval tv = { 0, ticks * TICK_MS * 1000 };

	event_base_loopexit(scene->gateway.base, &tv);
	event_base_dispatch(scene->gateway.base);
}

/* The server's side, up to where it has read the request. */
static inline void serve(struct scene *scene)
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

static inline void say(struct scene *scene, const char *text)
{
	assert_int_equal(write(scene->peer, text, strlen(text)), strlen(text));
}

/* A job that the server has, whole, and says nothing to. */
static inline void ask(struct scene *scene)
{
	give(scene, REQUEST);
	relay_start(&scene->relay, scene->server);
	serve(scene);
}

#endif
