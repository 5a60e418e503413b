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
#include "base/sock.h"
#include "gateway/channel.h"
#include "wire/lease.h"

enum {
	CHUNK = 65536,
	CHUNKS_AT_ONCE = 4,		/* then others have a turn: level-triggered events come again */
	UNACKNOWLEDGED_MS = 15000	/* a peer that the network has lost is given up after so long */
};

static void relay_on_connected(void *context, int fd);
static void relay_on_dial_failed(void *context, const char *why);

void relay_init(struct relay *relay, struct gateway *gateway)
{
	memset(relay, 0, sizeof(*relay));
	relay->gateway = gateway;
	relay->times = &relay_times_default;
	relay->server_fd = -1;
	relay->dial = (struct dial)DIAL_INIT;
	relay->dial.gateway = gateway;
	relay->dial.on_connected = relay_on_connected;
	relay->dial.on_failed = relay_on_dial_failed;
	relay->dial.context = relay;
	intake_init(&relay->request, &gateway->pool);
	answer_init(&relay->answer, &gateway->pool);
}

static void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

const char *relay_fault_word(enum relay_fault fault)
{
	static const char *const words[] = {
		[FAULT_TRANSPORT] = "transport-failed", [FAULT_LOOP] = "loop",
			[FAULT_REFUSED] = "refused", [FAULT_JOB] = "killed",
	};

	return words[fault];
}

static void end_second(struct relay *relay, const char *reason)
{
	if (relay->second)
		relay->end_second(relay, reason);
}

/* This attempt ends, and the second one is the job's only one from now on. */
static void leave_to_second(struct relay *relay, const char *reason)
{
	struct relay *other = relay->second;

	feed_attempt_abandoned(&relay->gateway->feed, relay->seen, reason, clock_now_ms());
	relay_detach(relay);
	feed_job_promote(relay->seen, other->seen);
}

void relay_detach(struct relay *relay)
{
	struct server *server = relay->server;

	dial_stop(&relay->dial);
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
	end_second(relay, "cancelled");
	relay_detach(relay);
	free(relay->via);
	relay->via = NULL;
	intake_release(&relay->request);
	answer_release(&relay->answer);
}

static void fault(struct relay *relay, enum relay_fault kind, const char *why)
{
	struct server *server = relay->server;

	if (kind == FAULT_TRANSPORT) {
		gateway_server_failed(relay->gateway, server, why);
	} else if (kind == FAULT_JOB) {
		if (relay->is_probe)
			breaker_on_nothing(&server->breaker);
	} else {
		breaker_on_success(&server->breaker);
		server_note_refusal(server, relay->toolchain, clock_now_ms());
	}
	answer_clear(&relay->answer);
	/* Where it is tried a second time already, that one's end decides. */
	if (relay->second) {
		leave_to_second(relay, relay_fault_word(kind));
		return;
	}
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

static void set_timer(struct relay *relay, int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(relay->timer, &tv);
}

/* The server has taken or sent something: its time for that starts anew. */
static void note_progress(struct relay *relay)
{
	const struct relay_times *times = relay->times;

	relay->progress_at_ms = clock_now_ms();
	set_timer(relay, relay->on_late && times->late_ms < times->progress_ms ? times->late_ms : times->progress_ms);
}

/* ------------------------------------------------------------------ towards the server */

static struct wait wait_of(const struct relay *relay);

static void pump(struct relay *relay)
{
	while (relay->request_sent < relay->request.spool.size) {
		ssize_t n = spool_send(&relay->request.spool, relay->request_sent, relay->server_fd);

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
		relay->progress_at_ms = clock_now_ms();
		relay->gateway->counters.bytes_in += (uint64_t)n;
	}
	if (relay->request.whole) {
		struct wait wait = wait_of(relay);

		set_timer(relay, patience_next_look_ms(&wait));
	}
}

int relay_add_request(struct relay *relay, const char *bytes, size_t len, struct err *err)
{
	if (intake_add(&relay->request, bytes, len, err) < 0)
		return -1;
	if (relay->request.whole)
		relay->waited_from_ms = clock_now_ms();
	if (relay->state == RELAY_RUNNING)
		pump(relay);
	return 0;
}

/* ------------------------------------------------------------------ from the server */

static void learn(const struct relay *relay, int64_t now_ms)
{
	struct server *server = relay->server;
	int before = server->capacity.settled;

	server_learn_time(server, now_ms - relay->waited_from_ms, relay->request.spool.size, now_ms);
	if (capacity_on_done(&server->capacity, server->in_flight, relay->started_ms,
			     relay->request.spool.size, now_ms))
		log_info("host '%s' gets %d jobs at once from now on, not %d: that is what it does best with", server->label,
			 server->capacity.settled, before);
}

static void answered(struct relay *relay)
{
	enum verdict verdict = answer_verdict(&relay->answer, relay->object);
	struct server *server = relay->server;
	int64_t now_ms = clock_now_ms();

	relay->state = RELAY_ANSWERED;
	server->n_done++;
	/* An error comes sooner than an object: it says nothing about the next job, nor whether its object
	 * would be right. */
	if (verdict == VERDICT_OBJECT || verdict == VERDICT_OTHER_OBJECT)
		learn(relay, now_ms);
	server->answered_at_ms = now_ms;
	if (verdict == VERDICT_NO_COMPILER || verdict == VERDICT_OTHER_OBJECT)
		server_note_refusal(server, relay->toolchain, now_ms);
	else if (verdict == VERDICT_OBJECT)
		server_note_accept(server, relay->toolchain);
	gateway_server_worked(relay->gateway, server);
	end_second(relay, "overtaken");
	relay_detach(relay);
	relay->on_answered(relay->context);
}

void relay_take_answer(struct relay *relay, struct relay *other)
{
	struct server *server = relay->server;
	int64_t now_ms = clock_now_ms();

	answer_release(&relay->answer);
	relay->answer = other->answer;
	answer_init(&other->answer, &relay->gateway->pool);
	str_copy(relay->from, sizeof(relay->from), other->from);
	relay->state = RELAY_ANSWERED;
	if (server) {
		if (relay->is_probe)
			breaker_on_nothing(&server->breaker);
		/* it would have taken at least so long */
		server_learn_time(server, now_ms - relay->waited_from_ms, relay->request.spool.size, now_ms);
		leave_to_second(relay, "overtaken");
	}
	/* the slot that the feed saw the second attempt in */
	feed_job_left(&relay->gateway->feed, relay->seen);
	relay->gateway->counters.overtaken++;
}

/* A gateway says why it does not take the job, in one short message. */
static bool take_denial(struct relay *relay, const char *bytes, size_t len)
{
	autolease message = LEASE_MESSAGE_INIT;
	char why[160];
	size_t n_used;

	if (server_passed_kind(relay->server) != PASSED_GATEWAY || lease_decode(bytes, len, &n_used,
										&message, NULL) <= 0 ||
	    message.token != LEASE_DENY)
		return false;
	str_copy(why, sizeof(why),
		 lease_get(&message, "text") ? lease_get(&message, "text") : "it denies the job");
	fault(relay, str_equal(lease_get(&message, "reason"), "loop") ? FAULT_LOOP : FAULT_REFUSED, why);
	return true;
}

static bool may_go_elsewhere(const struct relay *relay)
{
	enum pick_result result = relay->elsewhere ? relay->elsewhere(relay->context) : PICK_NO_SERVER;

	return result == PICK_FOUND || result == PICK_WAIT;
}

/* A whole answer: the client's, or does another server have a better one? */
static void judge(struct relay *relay)
{
	enum verdict verdict = answer_verdict(&relay->answer, relay->object);
	bool is_killed = verdict == VERDICT_KILLED;

	/* a job whose compiler was killed is moved once */
	if (!verdict_is_of_server(verdict) || (is_killed && relay->was_moved) || !may_go_elsewhere(relay)) {
		answered(relay);
		return;
	}
	gateway_server_worked(relay->gateway, relay->server);
	if (is_killed) {
		relay->was_moved = true;
		/* whose fault it is shows when the next one is killed there, too */
		server_note_refusal(relay->server, relay->toolchain, clock_now_ms());
	}
	fault(relay, is_killed ? FAULT_JOB : FAULT_REFUSED, verdict_text(verdict));
}

/* True when the connection is over, one way or the other. */
static bool take_reply(struct relay *relay, const char *bytes, size_t len)
{
	struct err err = ERR_INIT;
	int whole;

	if (!relay->answer.spool.size && take_denial(relay, bytes, len))
		return true;
	/* A server speaks when it has everything. */
	if (!relay->request.whole) {
		fault(relay, FAULT_TRANSPORT, "it answered before it had the request");
		return true;
	}
	whole = answer_add(&relay->answer, walk_version(&relay->request.walk), bytes, len, &err);
	if (whole < 0) {
		/* our disk is full: no fault of the server's */
		fault(relay, err.code == ERR_IO ? FAULT_JOB : FAULT_TRANSPORT, err.text);
		return true;
	}
	if (!whole)
		return false;
	judge(relay);
	return true;
}

/*
 * Stock servers write an answer in pieces. sshd sends the first one and keeps the rest until that is
 * acknowledged, which our kernel puts off for 40 ms, since ssh has nothing to say. That we are done makes ssh
 * send something, and the acknowledgement goes along.
 */
static void hurry_rest(const struct relay *relay)
{
	if (relay->server->spec.kind == HOST_SSH && relay->server->spec.forward)
		shutdown(relay->server_fd, SHUT_WR);
}

static void relay_on_readable(evutil_socket_t fd, short what, void *context)
{
	static char chunk[CHUNK];	/* one thread, used up before anything else is read */
	struct relay *relay = context;

	(void)what;
	for (int i = 0; i < CHUNKS_AT_ONCE; i++) {
		ssize_t n = recv((int)fd, chunk, sizeof(chunk), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		/* Stock servers refuse a client, a compiler or an option by closing; where they had not read
		 * everything, that arrives as a reset. It says nothing against the server. */
		if ((n == 0 || errno == ECONNRESET) && n <= 0 && !relay->answer.spool.size) {
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
		if (relay->answer.spool.size == (uint64_t)n)
			hurry_rest(relay);
		if ((size_t)n < sizeof(chunk))
			break;
	}
	note_progress(relay);
}

static void relay_on_writable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	pump(context);
}

static void relay_on_timer(evutil_socket_t fd, short what, void *context);

static void note_our_end(struct relay *relay)
{
	struct sock_addr addr = { .len = sizeof(addr.storage) };
	char text[SOCK_TEXT_MAX];

	if (relay->server->spec.kind == HOST_TCP &&
	    getsockname(relay->server_fd, (struct sockaddr *)&addr.storage, &addr.len) == 0)
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
	struct event_base *base = relay->gateway->base;

	sock_set_user_timeout(relay->server_fd, UNACKNOWLEDGED_MS);
	note_our_end(relay);
	relay->state = RELAY_RUNNING;
	if (relay->handing) {
		relay->on_connected(relay->context);
		return;
	}
	relay->readable = event_new(base, relay->server_fd, EV_READ | EV_PERSIST, relay_on_readable, relay);
	relay->writable = event_new(base, relay->server_fd, EV_WRITE, relay_on_writable, relay);
	relay->timer = evtimer_new(base, relay_on_timer, relay);
	relay->request_sent = 0;
	if (introduce(relay) < 0) {
		fault_errno(relay, "sending failed");
		return;
	}
	event_add(relay->readable, NULL);
	note_progress(relay);
	pump(relay);
}

/* ------------------------------------------------------------------ beginning */

static void relay_on_connected(void *context, int fd)
{
	struct relay *relay = context;

	relay->server_fd = fd;
	run(relay);
}

static void relay_on_dial_failed(void *context, const char *why)
{
	fault(context, FAULT_TRANSPORT, why);
}

void relay_start(struct relay *relay, struct server *server)
{
	relay->server = server;
	relay->state = RELAY_DIALLING;
	relay->started_ms = relay->waited_from_ms = clock_now_ms();
	dial_start(&relay->dial, server, relay->times, relay->guarded);
}

/* ------------------------------------------------------------------ waiting */

static double usual_ms(const struct relay *relay)
{
	int64_t now_ms = clock_now_ms();

	if (server_is_known(relay->server, now_ms))
		return server_expected_ms(relay->server, relay->request.spool.size, now_ms);
	return pick_usual_ms(relay->gateway->servers, relay->gateway->n_servers, relay->request.spool.size, now_ms);
}

static struct wait wait_of(const struct relay *relay)
{
	return (struct wait){
		.times = relay->times, .now_ms = clock_now_ms(), .since_ms = relay->waited_from_ms,
			.progress_at_ms = relay->progress_at_ms,
		.answered_at_ms = relay->server->answered_at_ms, .usual_ms = usual_ms(relay),
			.n_jobs = relay->server->in_flight,
		.is_moving = relay->answer.spool.size || relay->request_sent < relay->request.spool.size,
			.is_probe = relay->is_probe,
	};
}

static void look_for_another(struct relay *relay, const struct wait *wait)
{
	if (relay->on_late && !relay->second && relay->request.whole && patience_is_worn(wait))
		relay->on_late(relay->context);
}

static void waited_for_answer(struct relay *relay)
{
	struct wait wait = wait_of(relay);

	if (wait.now_ms - wait.since_ms >= relay->times->answer_ms) {
		fault(relay, FAULT_TRANSPORT, "no answer for too long");
	} else if (!relay->was_moved && patience_has_ended(&wait) && may_go_elsewhere(relay)) {
		relay->was_moved = true;
		relay->gateway->counters.moved++;
		fault(relay, FAULT_TRANSPORT, "it takes far longer than usual, and answers nobody");
	} else {
		look_for_another(relay, &wait);
		set_timer(relay, patience_next_look_ms(&wait));
	}
}

/* It should take or send something. */
static void waited_for_progress(struct relay *relay)
{
	struct wait wait = wait_of(relay);
	int pause_ms = may_go_elsewhere(relay) ? patience_pause_ms(&wait) : relay->times->progress_ms;
	int64_t left_ms = pause_ms - (wait.now_ms - wait.progress_at_ms);

	if (left_ms <= 0) {
		fault(relay, FAULT_TRANSPORT,
		      relay->answer.spool.size ? "it stopped in the middle of its answer" :
					  "it takes no data");
		return;
	}
	look_for_another(relay, &wait);
	set_timer(relay, left_ms < relay->times->late_ms || !relay->on_late ? (int)left_ms : relay->times->late_ms);
}

static void relay_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct relay *relay = context;
	bool all_sent = relay->request_sent == relay->request.spool.size;

	(void)fd;
	(void)what;
	if (all_sent && relay->request.whole && !relay->answer.spool.size) {
		waited_for_answer(relay);
	} else if (all_sent && !relay->request.whole) {
		/* the client's turn, which has a deadline of its own */
		note_progress(relay);
	} else {
		waited_for_progress(relay);
	}
}
