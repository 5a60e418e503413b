/* gateway/relay.c - see relay.h. Plain reads and writes of 64 KiB: tried against splice(2) and
 * sendfile(2), they cost the least. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "gateway/channel.h"
#include "wire/lease.h"
#include "wire/version.h"

enum {
	CHUNK = 65536,
	CONNECT_S = 2,
	SSH_START_S = 30,
	SEND_PROGRESS_S = 30,		/* a server that takes nothing for so long is dead */
	COMPILE_S = 300,		/* so long it may be silent, as distcc's own clients let it */
	REPLAY_STATUS = ERR_NO_COMPILER << 8	/* "failed to exec": another server may have the compiler */
};

static const struct walk_limits limits = {
	.argc_max = 65536, .word_max = 131072, .words_total_max = 8 << 20, .bulk_max = 1U << 30,
	.total_max = 1U << 30, .files_max = 100000,
};

void relay_init(struct relay *relay, struct gateway *gateway)
{
	memset(relay, 0, sizeof(*relay));
	relay->gateway = gateway;
	relay->server_fd = -1;
	spool_init(&relay->request, &gateway->pool);
	spool_init(&relay->reply, &gateway->pool);
	walk_request_init(&relay->request_walk, &limits);
}

static void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

void relay_detach(struct relay *relay)
{
	struct server *server = relay->server;

	free_event(&relay->readable);
	free_event(&relay->writable);
	free_event(&relay->timer);
	fd_close(&relay->server_fd);
	if (relay->helper_serial)
		channel_cancel(relay->gateway->channel, relay->helper_serial);
	relay->helper_serial = 0;
	if (relay->state != RELAY_ANSWERED)
		relay->state = RELAY_IDLE;
	relay->server = NULL;
	feed_job_left(&relay->gateway->feed, relay->seen);
	if (server)
		gateway_slot_free(relay->gateway, server);
}

void relay_release(struct relay *relay)
{
	/* Ended by the client's going, which says nothing about the server. */
	if (relay->server && relay->is_probe)
		breaker_on_nothing(&relay->server->breaker);
	relay_detach(relay);
	free(relay->via);
	relay->via = NULL;
	spool_release(&relay->request);
	spool_release(&relay->reply);
}

static void fault(struct relay *relay, enum relay_fault kind, const char *why)
{
	struct server *server = relay->server;

	if (kind == FAULT_TRANSPORT) {
		gateway_server_failed(relay->gateway, server, why);
	} else {
		breaker_on_success(&server->breaker);
		server_note_refusal(server, relay->compiler, clock_now_ms());
	}
	spool_release(&relay->reply);
	spool_init(&relay->reply, &relay->gateway->pool);
	/* The slot first: the callback may ask for another one. */
	relay_detach(relay);
	relay->on_fault(relay->context, kind, why);
}

static void fault_errno(struct relay *relay, const char *what)
{
	char why[160];

	snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
	fault(relay, FAULT_TRANSPORT, why);
}

static void set_timer(struct relay *relay, int seconds)
{
	struct timeval tv = { seconds, 0 };

	relay->sent_at_timer = relay->request_sent;
	relay->received_at_timer = relay->reply.size;
	event_add(relay->timer, &tv);
}

/* ------------------------------------------------------------------ towards the server */

static void pump(struct relay *relay)
{
	while (relay->request_sent < relay->request.size) {
		ssize_t n = spool_send(&relay->request, relay->request_sent, relay->server_fd);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			event_add(relay->writable, NULL);
			return;
		}
		if (n < 0) {
			/* It may have closed on purpose; what it said before is read by the other event, and
			 * a connection that was reset says so there, too. */
			if (errno == EPIPE || errno == ECONNRESET)
				return;
			fault_errno(relay, "sending failed");
			return;
		}
		relay->request_sent += (uint64_t)n;
		relay->gateway->counters.bytes_in += (uint64_t)n;
	}
	if (relay->request_whole)
		set_timer(relay, COMPILE_S);
}

static void take_first_word(struct relay *relay, const struct walk_event *event)
{
	size_t room = sizeof(relay->argv0) - 1 - relay->argv0_len;
	size_t n = event->len < room ? event->len : room;

	if (event->token != WALK_ARGV || relay->argv0_whole)
		return;
	if (event->kind == WALK_BODY) {
		memcpy(relay->argv0 + relay->argv0_len, event->data, n);
		relay->argv0_len += n;
	}
	relay->argv0_whole = event->kind == WALK_BODY ? event->last : !event->has_body;
}

static int check_request(struct relay *relay, const char *bytes, size_t len, struct err *err)
{
	size_t at = 0;

	for (;;) {
		struct walk_event event;
		ssize_t n = walk_step(&relay->request_walk, bytes + at, len - at, &event, err);

		if (n < 0)
			return -1;
		at += (size_t)n;
		if (event.kind == WALK_TOKEN && (event.token == WALK_DOTI || event.token == WALK_NFIL))
			relay->request_ready = true;
		take_first_word(relay, &event);
		if (walk_ended(&relay->request_walk)) {
			if (at < len)
				return err_set(err, ERR_PROTOCOL, "%zu bytes follow the request", len - at);
			relay->request_whole = true;
			relay->waited_from_ms = clock_now_ms();
			return 0;
		}
		if (event.kind == WALK_MORE && at == len)
			return 0;
	}
}

int relay_add_request(struct relay *relay, const char *bytes, size_t len, struct err *err)
{
	if (relay->request_whole)
		return err_set(err, ERR_PROTOCOL, "%zu bytes follow the request", len);
	if (check_request(relay, bytes, len, err) < 0 || spool_add(&relay->request, bytes, len, err) < 0)
		return -1;
	if (relay->state == RELAY_RUNNING)
		pump(relay);
	return 0;
}

/* ------------------------------------------------------------------ from the server */

static void answered(struct relay *relay)
{
	struct server *server = relay->server;

	relay->state = RELAY_ANSWERED;
	server->n_done++;
	/* An error comes sooner than an object: it says nothing about the next job. */
	if (walk_status(&relay->reply_walk) == 0)
		estimate_add(&server->service, clock_now_ms() - relay->waited_from_ms, relay->request.size);
	server_note_accept(server, relay->compiler);
	gateway_server_worked(relay->gateway, server);
	relay_detach(relay);
	relay->on_answered(relay->context);
}

/* A gateway says why it does not take the job, in one short message. */
static bool take_denial(struct relay *relay, const char *bytes, size_t len)
{
	autolease message = LEASE_MESSAGE_INIT;
	char why[160];
	size_t n_used;

	if (server_passed_kind(relay->server) != PASSED_GATEWAY || lease_decode(bytes, len, &n_used, &message, NULL) <= 0 ||
	    message.token != LEASE_DENY)
		return false;
	str_copy(why, sizeof(why), lease_get(&message, "text") ? lease_get(&message, "text") : "it denies the job");
	fault(relay, str_equal(lease_get(&message, "reason"), "loop") ? FAULT_LOOP : FAULT_REFUSED, why);
	return true;
}

/* True when the connection is over, one way or the other. */
static bool take_reply(struct relay *relay, const char *bytes, size_t len)
{
	struct err err = ERR_INIT;
	size_t at = 0;

	if (!relay->reply.size && take_denial(relay, bytes, len))
		return true;
	/* A server speaks when it has everything. */
	if (!relay->request_whole) {
		fault(relay, FAULT_TRANSPORT, "it answered before it had the request");
		return true;
	}
	if (!relay->reply.size)
		walk_reply_init(&relay->reply_walk, walk_version(&relay->request_walk), &limits);
	while (!walk_ended(&relay->reply_walk)) {
		struct walk_event event;
		ssize_t n = walk_step(&relay->reply_walk, bytes + at, len - at, &event, &err);

		if (n < 0) {
			fault(relay, FAULT_TRANSPORT, err.text);
			return true;
		}
		at += (size_t)n;
		if (event.kind == WALK_MORE && at == len)
			break;
	}
	/* what follows an answer is nobody's */
	if (spool_add(&relay->reply, bytes, at, &err) < 0) {
		fault(relay, FAULT_TRANSPORT, err.text);
		return true;
	}
	if (!walk_ended(&relay->reply_walk))
		return false;
	if (walk_status(&relay->reply_walk) == REPLAY_STATUS)
		server_note_refusal(relay->server, relay->compiler, clock_now_ms());
	answered(relay);
	return true;
}

static void relay_on_readable(evutil_socket_t fd, short what, void *context)
{
	static char chunk[CHUNK];	/* one thread, used up before anything else is read */
	struct relay *relay = context;

	(void)what;
	for (;;) {
		ssize_t n = recv((int)fd, chunk, sizeof(chunk), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		/* Stock servers refuse a client, a compiler or an option by closing; where they had not read
		 * everything, that arrives as a reset. It says nothing against the server. */
		if ((n == 0 || errno == ECONNRESET) && n <= 0 && !relay->reply.size) {
			fault(relay, FAULT_REFUSED, "it closed without an answer");
			return;
		}
		if (n < 0) {
			fault_errno(relay, "the connection broke");
			return;
		}
		if (n == 0) {
			fault(relay, FAULT_TRANSPORT, "it closed in the middle of its answer");
			return;
		}
		if (take_reply(relay, chunk, (size_t)n))
			return;
		if ((size_t)n < sizeof(chunk))
			return;
	}
}

static void relay_on_timer(evutil_socket_t fd, short what, void *context);

static void relay_on_writable(evutil_socket_t fd, short what, void *context);

static void make_events(struct relay *relay, int fd)
{
	struct event_base *base = relay->gateway->base;

	relay->readable = event_new(base, fd, EV_READ | EV_PERSIST, relay_on_readable, relay);
	relay->writable = event_new(base, fd, EV_WRITE, relay_on_writable, relay);
}

static void note_our_end(struct relay *relay)
{
	struct sock_addr addr = { .len = sizeof(addr.storage) };
	char text[SOCK_TEXT_MAX];

	if (relay->server->spec.kind == HOST_TCP && getsockname(relay->server_fd, (struct sockaddr *)&addr.storage, &addr.len) == 0)
		str_copy(relay->from, sizeof(relay->from), sock_addr_format(&addr, text));
}

/* Another gateway hears first whom the job has come through. The connection is new and local: there is
 * room for some hundred bytes. */
static int introduce(struct relay *relay)
{
	autobuf message = BUF_INIT;

	if (server_passed_kind(relay->server) != PASSED_GATEWAY)
		return 0;
	via_add_message(&message, relay->via, relay->gateway->name);
	return send(relay->server_fd, message.data, message.len, MSG_NOSIGNAL) == (ssize_t)message.len ? 0 : -1;
}

static void run(struct relay *relay)
{
	relay->addrs_left = 0;
	note_our_end(relay);
	if (relay->handing) {
		event_del(relay->timer);
		relay->state = RELAY_RUNNING;
		relay->on_connected(relay->context);
		return;
	}
	relay->state = RELAY_RUNNING;
	relay->request_sent = 0;
	if (introduce(relay) < 0) {
		fault_errno(relay, "sending failed");
		return;
	}
	event_add(relay->readable, NULL);
	set_timer(relay, SEND_PROGRESS_S);
	pump(relay);
}

/* ------------------------------------------------------------------ connecting */

static void dial_next(struct relay *relay);

static void connect_failed(struct relay *relay)
{
	if (relay->addrs_left) {
		free_event(&relay->readable);
		free_event(&relay->writable);
		fd_close(&relay->server_fd);
		dial_next(relay);
		return;
	}
	fault_errno(relay, "cannot connect");
}

static void relay_on_writable(evutil_socket_t fd, short what, void *context)
{
	struct relay *relay = context;

	(void)what;
	if (relay->state == RELAY_RUNNING)
		pump(relay);
	else if (sock_connect_result((int)fd) == 0)
		run(relay);
	else
		connect_failed(relay);
}

static void dial_next(struct relay *relay)
{
	struct server *server = relay->server;
	const struct sock_addr *addr = &server->addrs[server->next_addr % server->n_addrs];
	int started;

	relay->addrs_left--;
	/* A server of several addresses stays with the one that worked. */
	started = sock_connect_start(addr, &relay->server_fd);
	if (started < 0) {
		server->next_addr++;
		connect_failed(relay);
		return;
	}
	make_events(relay, relay->server_fd);
	if (started == 1)
		run(relay);
	else
		event_add(relay->writable, NULL);
}

static void ask_for_ssh(struct relay *relay);

static void relay_on_ssh(void *context, const struct helper_answer *answer, int *fd)
{
	struct relay *relay = context;

	relay->helper_serial = 0;
	if (!answer->ok && answer->generation != relay->server->generation) {
		/* The list was read again while the question was on its way: no fault of the server. */
		ask_for_ssh(relay);
		return;
	}
	if (!answer->ok || *fd < 0) {
		fault(relay, FAULT_TRANSPORT, answer->text);
		return;
	}
	relay->server_fd = fd_steal(fd);
	fd_set_nonblocking(relay->server_fd, true);
	make_events(relay, relay->server_fd);
	run(relay);
}

static void ask_for_ssh(struct relay *relay)
{
	relay->helper_serial = channel_ask(relay->gateway->channel, HELPER_SSH, relay->server->generation, relay->server->index,
					   -1, relay_on_ssh, relay);
	if (!relay->helper_serial)
		fault(relay, FAULT_TRANSPORT, "ssh cannot be started");
}

void relay_start(struct relay *relay, struct server *server)
{
	relay->server = server;
	relay->state = RELAY_DIALLING;
	relay->waited_from_ms = clock_now_ms();
	relay->timer = evtimer_new(relay->gateway->base, relay_on_timer, relay);
	if (server->spec.kind == HOST_SSH) {
		set_timer(relay, SSH_START_S);
		ask_for_ssh(relay);
		return;
	}
	set_timer(relay, CONNECT_S);
	relay->addrs_left = server->n_addrs;
	dial_next(relay);
}

static void relay_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct relay *relay = context;

	(void)fd;
	(void)what;
	if (relay->state == RELAY_DIALLING) {
		relay->server->next_addr++;
		errno = ETIMEDOUT;
		fault_errno(relay, "cannot connect");
	} else if (relay->request_sent == relay->sent_at_timer && relay->reply.size == relay->received_at_timer &&
		   (relay->request_whole || relay->request_sent < relay->request.size)) {
		fault(relay, FAULT_TRANSPORT, relay->request_whole && relay->request_sent == relay->request.size ?
		      "no answer for 300 s" : "it takes no data");
	} else {
		set_timer(relay, relay->request_whole && relay->request_sent == relay->request.size ? COMPILE_S : SEND_PROGRESS_S);
	}
}
