/*
 * gateway/peer.c - see peer.h.
 *
 *   GREETING -+-GATE-> ASKING --WANT--> WANTED --REDY--> QUEUED --grant--> REQUEST -> WORKING -> ANSWER -> closed
 *             |                                            |  ^              (relay)     |
 *             |                                            |  +------- fault ------------+
 *             |                                            +--grant--> HANDING -> HANDED --RSLT--> closed
 *             +-DIST-> HEAD --DOTI seen--> QUEUED ...         (fd)                  |
 *             +-05---> SOCKS --CONNECT---> HEAD                 QUEUED <-- RSLT transport-failed
 *
 * From QUEUED on a peer may hold a slot (through its relay). peer_close() is the only way out of any
 * state and gives back whatever is held; the peer is freed after the running callback returned.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "gateway/channel.h"
#include "gateway/filter.h"
#include "gateway/handoff.h"
#include "gateway/relay.h"
#include "gateway/socks.h"
#include "gateway/status.h"
#include "wire/lease.h"
#include "wire/version.h"

enum {
	CHUNK = 65536,
	GREETING_S = 10,
	ASKING_S = 10,
	WANTED_S = 600,			/* the client's preprocessor runs */
	HEAD_S = 30,			/* all words of a raw request */
	HEAD_PAUSE_S = 300,		/* then its preprocessor may run */
	PROGRESS_S = 30,		/* in which at least PROGRESS_BYTES move, or the rest */
	PROGRESS_BYTES = 65536,
	HANDED_S = 10			/* a passed connection on which nothing is sent is taken back */
};

enum peer_state {
	PEER_GREETING, PEER_ASKING, PEER_WANTED, PEER_SOCKS, PEER_HEAD, PEER_QUEUED, PEER_REQUEST, PEER_WORKING,
	PEER_ANSWER, PEER_HANDING, PEER_HANDED, PEER_CLOSING, PEER_CLOSED
};

enum dialect { DIALECT_NONE, DIALECT_LEASE, DIALECT_RAW, DIALECT_SOCKS };

struct peer {
	struct gateway *gateway;
	int fd;
	struct sock_cred cred;
	enum peer_state state;
	enum dialect dialect;
	struct buf in;			/* received, not yet understood */
	struct buf out;			/* messages that wait for room; goes before the answer */
	struct event *readable, *writable, *gone, *timer, *waiting;
	bool reading;
	uint64_t moved, moved_at_timer;	/* bytes of request and answer, for the progress deadline */
	struct job job;
	struct relay relay;
	uint64_t lease;
	int protocol;
	uint64_t answered;		/* bytes of the answer that were sent */
	int64_t granted_at_ms;
	struct peer *next, *prev;
};

static void enqueue(struct peer *peer, bool at_front);

/* ------------------------------------------------------------------ the end of a peer */

static void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

static void peer_close(struct peer *peer)
{
	struct gateway *gateway = peer->gateway;
	static const struct timeval now = { 0, 0 };

	if (peer->state == PEER_CLOSED)
		return;
	if (peer->lease)
		gateway->counters.leases--;
	peer->state = PEER_CLOSED;
	schedule_remove(&gateway->schedule, &peer->job);
	/* a passed connection is shut for whoever still holds it; only then the slot is free */
	if (peer->relay.handing && peer->relay.server_fd >= 0)
		shutdown(peer->relay.server_fd, SHUT_RDWR);
	relay_release(&peer->relay);
	job_release(&peer->job);
	free_event(&peer->readable);
	free_event(&peer->writable);
	free_event(&peer->gone);
	free_event(&peer->timer);
	free_event(&peer->waiting);
	fd_close(&peer->fd);
	buf_release(&peer->in);
	buf_release(&peer->out);
	gateway->counters.peers--;
	if (peer->prev)
		peer->prev->next = peer->next;
	else
		gateway->peers = peer->next;
	if (peer->next)
		peer->next->prev = peer->prev;
	peer->next = gateway->dead;
	gateway->dead = peer;
	event_add(gateway->reap, &now);
}

void peers_reap(struct gateway *gateway)
{
	while (gateway->dead) {
		struct peer *peer = gateway->dead;

		gateway->dead = peer->next;
		free(peer);
	}
}

void peers_close(struct gateway *gateway)
{
	while (gateway->peers)
		peer_close(gateway->peers);
	peers_reap(gateway);
}

/* A peer that does not keep to the protocol: said once, then closed. */
static void offend(struct peer *peer, const char *what)
{
	peer->gateway->counters.protocol_errors++;
	log_notice("peer uid %u pid %d: %s; closed", peer->cred.uid, (int)peer->cred.pid, what);
	peer_close(peer);
}

static void set_timer(struct peer *peer, int seconds)
{
	struct timeval tv = { seconds, 0 };

	peer->moved_at_timer = peer->moved;
	event_add(peer->timer, &tv);
}

static void set_reading(struct peer *peer, bool on)
{
	if (peer->reading == on)
		return;
	peer->reading = on;
	if (on)
		event_add(peer->readable, NULL);
	else
		event_del(peer->readable);
}

/* ------------------------------------------------------------------ to the peer */

static void end_well(struct peer *peer)
{
	struct gateway *gateway = peer->gateway;

	gateway->counters.relayed++;
	log_info("job %llu: uid %u %s %s: relayed %llu+%llu bytes in %lld ms", (unsigned long long)peer->lease, peer->cred.uid,
		 peer->job.compiler ? peer->job.compiler : "?", peer->job.source ? peer->job.source : "",
		 (unsigned long long)peer->relay.request.size, (unsigned long long)peer->relay.reply.size,
		 (long long)(clock_now_ms() - peer->granted_at_ms));
	peer_close(peer);
}

/* 1: all written, 0: waits for room, -1: the peer is gone. */
static int flush_messages(struct peer *peer)
{
	while (peer->out.len) {
		ssize_t n = send(peer->fd, peer->out.data, peer->out.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return -1;
		buf_remove_front(&peer->out, (size_t)n);
	}
	return 1;
}

static int flush_answer(struct peer *peer)
{
	while (peer->answered < peer->relay.reply.size) {
		ssize_t n = spool_send(&peer->relay.reply, peer->answered, peer->fd);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return -1;
		peer->answered += (uint64_t)n;
		peer->moved += (uint64_t)n;
		peer->gateway->counters.bytes_out += (uint64_t)n;
	}
	return 1;
}

static void flush(struct peer *peer)
{
	int done = flush_messages(peer);

	if (done > 0 && peer->state == PEER_ANSWER) {
		done = flush_answer(peer);
		/* A client of protocol 3 may leave without the dependency file: that is no failure. */
		if (done != 0) {
			end_well(peer);
			return;
		}
	}
	if (done < 0 || (done > 0 && peer->state == PEER_CLOSING))
		peer_close(peer);
	else if (done == 0)
		event_add(peer->writable, NULL);
}

static void peer_on_writable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	flush(context);
}

/* Says what is in out and closes when it has been sent. */
static void close_after_messages(struct peer *peer)
{
	peer->state = PEER_CLOSING;
	set_reading(peer, false);
	set_timer(peer, PROGRESS_S);
	flush(peer);
}

static void deny(struct peer *peer, const char *reason, const char *text)
{
	struct lease_writer writer;

	peer->gateway->counters.denied++;
	log_info("peer uid %u: %s %s denied: reason=%s", peer->cred.uid, peer->job.compiler ? peer->job.compiler : "job",
		 peer->job.source ? peer->job.source : "", reason);
	if (peer->dialect != DIALECT_LEASE) {
		peer_close(peer);
		return;
	}
	lease_begin(&writer, &peer->out, LEASE_DENY);
	lease_add(&writer, "reason", reason);
	lease_add(&writer, "text", text);
	lease_end(&writer);
	close_after_messages(peer);
}

static void peer_on_waiting(evutil_socket_t fd, short what, void *context)
{
	struct peer *peer = context;
	struct lease_writer writer;

	(void)fd;
	(void)what;
	lease_begin(&writer, &peer->out, LEASE_WAIT);
	lease_add_int(&writer, "position", peer->state == PEER_QUEUED ? (int64_t)peer->gateway->schedule.n_queued : 0);
	lease_end(&writer);
	flush(peer);
}

/* While a lease client has nothing else to hear, it hears that we live. */
static void set_waiting(struct peer *peer, bool on)
{
	static const struct timeval every = { LEASE_WAIT_EVERY_MS / 1000, 0 };

	if (peer->dialect != DIALECT_LEASE)
		return;
	if (!peer->waiting)
		peer->waiting = event_new(peer->gateway->base, -1, EV_PERSIST, peer_on_waiting, peer);
	if (on)
		event_add(peer->waiting, &every);
	else
		event_del(peer->waiting);
}

/* ------------------------------------------------------------------ the relay's news */

static void relay_answered(void *context)
{
	struct peer *peer = context;

	peer->state = PEER_ANSWER;
	set_waiting(peer, false);
	set_timer(peer, PROGRESS_S);
	flush(peer);
}

static void relay_faulted(void *context, enum relay_fault fault, const char *why)
{
	struct peer *peer = context;
	struct job *job = &peer->job;

	log_info("job %llu: %s: %s", (unsigned long long)peer->lease,
		 fault == FAULT_REFUSED ? "refused" : "transport failed", why);
	if (job->n_tried == JOB_ATTEMPTS_MAX) {
		deny(peer, "attempts", "the job was tried on several servers in vain: see distcc-gateway --status");
		return;
	}
	peer->gateway->counters.replayed++;
	/* What is still to come from the client goes on coming; the state says so. */
	if (peer->state == PEER_HANDING)
		peer->state = PEER_QUEUED;
	enqueue(peer, true);
}

static void send_grant(struct peer *peer, const struct server *server, const char *mode, int fd)
{
	struct lease_writer writer;

	lease_begin(&writer, &peer->out, LEASE_GRNT);
	lease_add_int(&writer, "lease", (int64_t)peer->lease);
	lease_add(&writer, "server", server->label);
	lease_add(&writer, "mode", mode);
	lease_add_int(&writer, "proto", peer->protocol);
	lease_end(&writer);
	if (fd < 0) {
		flush(peer);
		return;
	}
	/* The descriptor belongs to the grant's own bytes: whatever stood before them goes first. */
	if (fdpass_send(peer->fd, peer->out.data, peer->out.len, fd) != (ssize_t)peer->out.len) {
		peer_close(peer);
		return;
	}
	buf_clear(&peer->out);
}

static void cannot_hand(struct peer *peer, const char *why)
{
	log_warning("a connection to '%s' cannot be made safe to pass: %s", peer->relay.server->label, why);
	deny(peer, "handoff", why);
}

static void hand_over(struct peer *peer)
{
	gateway_server_worked(peer->gateway, peer->relay.server);
	peer->state = PEER_HANDED;
	set_waiting(peer, false);
	set_timer(peer, HANDED_S);
	send_grant(peer, peer->relay.server, "fd", peer->relay.server_fd);
}

static void peer_on_secured(void *context, const struct helper_answer *answer, int *fd)
{
	struct peer *peer = context;

	(void)fd;
	peer->relay.helper_serial = 0;
	if (answer->ok)
		hand_over(peer);
	else
		cannot_hand(peer, answer->text);
}

/* Handing only: the connection stands. Some kernels let only the privileged attach a filter. */
static void relay_connected(void *context)
{
	struct peer *peer = context;
	struct gateway *gateway = peer->gateway;
	struct err err = ERR_INIT;

	if (handoff_secure(peer->relay.server_fd, gateway->setup->proofs, handoff_filter_enabled(), &err) == 0) {
		hand_over(peer);
		return;
	}
	if (err.sys_errno == EPERM)
		peer->relay.helper_serial = channel_ask(gateway->channel, HELPER_SECURE, 0, 0, peer->relay.server_fd,
							peer_on_secured, peer);
	if (!peer->relay.helper_serial)
		cannot_hand(peer, err.text);
}

/* ------------------------------------------------------------------ the schedule's news */

static void start_relay(struct peer *peer, struct server *server)
{
	bool whole = peer->relay.request_whole;

	peer->relay.handing = false;
	peer->state = whole ? PEER_WORKING : PEER_REQUEST;
	peer->granted_at_ms = clock_now_ms();
	set_waiting(peer, true);
	if (!whole)
		set_timer(peer, PROGRESS_S);
	else
		event_del(peer->timer);
	event_del(peer->gone);
	set_reading(peer, true);
	relay_start(&peer->relay, server);
}

static void start_handing(struct peer *peer, struct server *server)
{
	peer->relay.handing = true;
	peer->state = PEER_HANDING;
	peer->granted_at_ms = clock_now_ms();
	event_del(peer->gone);
	set_reading(peer, true);
	relay_start(&peer->relay, server);
}

static void job_granted(struct job *job, struct server *server, int protocol)
{
	struct peer *peer = job->context;
	struct gateway *gateway = peer->gateway;
	/* What was begun as a relay goes on as one: the client has been told so. */
	bool undecided = peer->dialect == DIALECT_LEASE && peer->state == PEER_QUEUED;
	enum handing handing = HANDING_RELAY;
	const char *reason;

	job->tried[job->n_tried++] = server;
	if (!peer->lease) {
		peer->lease = ++gateway->next_lease;
		gateway->counters.leases++;
	}
	peer->relay.compiler = job->compiler ? job->compiler : "";
	if (undecided)
		handing = policy_handing(gateway->setup->options->pass_fds, gateway->setup->proofs, server_passed_kind(server),
					 peer->cred.uid, job->wish, &reason);
	if (handing == HANDING_REFUSE) {
		breaker_on_nothing(&server->breaker);
		gateway_slot_free(gateway, server);
		deny(peer, reason, "the gateway does not pass descriptors here (--pass-fds, --status), and the host entry says \",fd\"");
		return;
	}
	if (handing == HANDING_FD) {
		peer->protocol = protocol;
		start_handing(peer, server);
		return;
	}
	if (undecided) {
		peer->protocol = protocol;
		send_grant(peer, server, "relay", -1);
		if (peer->state == PEER_CLOSED) {
			breaker_on_nothing(&server->breaker);
			gateway_slot_free(gateway, server);
			return;
		}
	}
	start_relay(peer, server);
}

static void job_denied(struct job *job, const char *reason, const char *text)
{
	deny(job->context, reason, text);
}

static void peer_on_gone(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	peer_close(context);
}

/* While it waits nothing is read from it, but its end is seen. */
static void enqueue(struct peer *peer, bool at_front)
{
	bool sending = peer->state == PEER_REQUEST;

	if (!sending && peer->state != PEER_WORKING) {
		peer->state = PEER_QUEUED;
		event_del(peer->timer);
		set_reading(peer, peer->dialect == DIALECT_LEASE);
		if (peer->dialect != DIALECT_LEASE)
			event_add(peer->gone, NULL);
	}
	set_waiting(peer, true);
	schedule_add(&peer->gateway->schedule, &peer->job, at_front, clock_now_ms());
	gateway_schedule(peer->gateway);
}

/* ------------------------------------------------------------------ raw and SOCKS */

/* The request's words have come: what job is it? */
static void raw_ready(struct peer *peer)
{
	struct job *job = &peer->job;
	uint32_t version = walk_version(&peer->relay.request_walk);

	job->compiler = mem_strdup(path_base(peer->relay.argv0));
	job->protocol_min = job->protocol_max = (int)version;
	job->wish = (struct handing_wish){ .allow_relay = true };
	job->impatient = true;
	if (peer->dialect == DIALECT_SOCKS)
		peer->gateway->counters.socks_jobs++;
	else
		peer->gateway->counters.raw_jobs++;
	enqueue(peer, false);
}

static void raw_input(struct peer *peer, const char *bytes, size_t len)
{
	struct err err = ERR_INIT;

	if (relay_add_request(&peer->relay, bytes, len, &err) < 0) {
		offend(peer, err.text);
		return;
	}
	if (peer->relay.request_ready)
		raw_ready(peer);
	else if (peer->relay.request_walk.expected == WALK_DOTI)
		set_timer(peer, HEAD_PAUSE_S);
}

static void enter_raw(struct peer *peer)
{
	autofree char *bytes = NULL;
	size_t len = peer->in.len;

	peer->state = PEER_HEAD;
	set_timer(peer, HEAD_S);
	bytes = buf_steal(&peer->in);
	if (len)
		raw_input(peer, bytes, len);
}

static void socks_refuse(struct peer *peer, enum socks_reply code, const char *why)
{
	unsigned char reply[SOCKS_REPLY_LEN];

	log_notice("peer uid %u pid %d: SOCKS request refused: %s", peer->cred.uid, (int)peer->cred.pid, why);
	socks_reply_encode(reply, code);
	buf_add(&peer->out, reply, sizeof(reply));
	close_after_messages(peer);
}

static void socks_request(struct peer *peer, const struct socks_request *request)
{
	struct gateway *gateway = peer->gateway;
	unsigned char reply[SOCKS_REPLY_LEN];

	if (request->command != 1) {
		socks_refuse(peer, SOCKS_BAD_COMMAND, "only CONNECT is served");
		return;
	}
	if (request->address_type != 1 && request->address_type != 3 && request->address_type != 4) {
		socks_refuse(peer, SOCKS_BAD_ADDRESS, "an unknown type of address");
		return;
	}
	for (size_t i = 0; i < gateway->n_servers; i++) {
		if (server_is_destination(gateway->servers[i], request->host, request->port)) {
			peer->job.preferred = gateway->servers[i];
			break;
		}
	}
	if (!peer->job.preferred) {
		gateway->counters.foreign_destinations++;
		socks_refuse(peer, SOCKS_NOT_ALLOWED, "the destination is no configured server");
		return;
	}
	socks_reply_encode(reply, SOCKS_GRANTED);
	buf_add(&peer->out, reply, sizeof(reply));
	flush(peer);
	if (peer->state != PEER_CLOSED)
		enter_raw(peer);
}

/* The greeting, then the request; both may come in pieces. */
static void socks_input(struct peer *peer)
{
	const unsigned char *in = (const unsigned char *)peer->in.data;
	struct socks_request request;
	int offers_none;
	ssize_t n;

	if (peer->state == PEER_GREETING) {
		n = socks_greeting_decode(in, peer->in.len, &offers_none);
		if (n < 0)
			offend(peer, "a bad SOCKS greeting");
		if (n <= 0)
			return;
		buf_remove_front(&peer->in, (size_t)n);
		buf_add(&peer->out, offers_none ? "\5\0" : "\5\377", 2);
		if (!offers_none) {
			close_after_messages(peer);
			return;
		}
		peer->state = PEER_SOCKS;
		flush(peer);
	}
	if (peer->state != PEER_SOCKS || !peer->in.len)
		return;
	n = socks_request_decode((const unsigned char *)peer->in.data, peer->in.len, &request);
	if (n < 0)
		offend(peer, "a bad SOCKS request");
	if (n <= 0)
		return;
	buf_remove_front(&peer->in, (size_t)n);
	socks_request(peer, &request);
}

/* ------------------------------------------------------------------ leases */

static void answer_show(struct peer *peer, const struct lease_message *message)
{
	const char *what = lease_get(message, "what");
	autobuf text = BUF_INIT;
	bool json = str_equal(lease_get(message, "format"), "json");

	if (str_equal(what, "farm"))
		status_render_farm(&text, peer->gateway, json);
	else if (json)
		status_render_json(&text, peer->gateway);
	else
		status_render_text(&text, peer->gateway);
	for (size_t at = 0; at < text.len;) {
		size_t len = text.len - at < LEASE_PAYLOAD_MAX ? text.len - at : LEASE_PAYLOAD_MAX;

		lease_text(&peer->out, text.data + at, len);
		at += len;
	}
	lease_text(&peer->out, "", 0);
	close_after_messages(peer);
}

static void take_want(struct peer *peer, const struct lease_message *message)
{
	struct job *job = &peer->job;
	const char *kind = lease_get(message, "kind");

	job->compiler = mem_strdup(lease_get(message, "compiler"));
	job->source = mem_strdup(lease_get(message, "source"));
	job->use = mem_strdup(lease_get(message, "use"));
	job->wish.allow_relay = lease_has_word(message, "modes", "relay") || !lease_get(message, "modes");
	job->wish.allow_fd = lease_has_word(message, "modes", "fd");
	job->protocol_min = lease_has_word(message, "proto", "1") || !lease_get(message, "proto") ? PROTOCOL_PLAIN :
			    lease_has_word(message, "proto", "2") ? PROTOCOL_LZO : PROTOCOL_PUMP;
	job->protocol_max = lease_has_word(message, "proto", "3") ? PROTOCOL_PUMP :
			    lease_has_word(message, "proto", "2") ? PROTOCOL_LZO : PROTOCOL_PLAIN;
	if (kind && !str_equal(kind, "compile")) {
		deny(peer, "kind", "this gateway leases places for compiles only");
		return;
	}
	if (!job->wish.allow_relay && !job->wish.allow_fd) {
		deny(peer, "modes", "none of the modes in modes= is known here");
		return;
	}
	peer->state = PEER_WANTED;
	set_timer(peer, WANTED_S);
}

static void take_result(struct peer *peer, const struct lease_message *message)
{
	struct gateway *gateway = peer->gateway;
	const char *result = lease_get(message, "result");
	bool again = str_equal(result, "transport-failed") && peer->job.n_tried < JOB_ATTEMPTS_MAX;

	/* Only its own lease moves: a client's word against a server changes nothing for others. */
	shutdown(peer->relay.server_fd, SHUT_RDWR);
	breaker_on_nothing(&peer->relay.server->breaker);
	if (!again) {
		peer->relay.server->n_done += !str_equal(result, "transport-failed");
		gateway->counters.passed += !str_equal(result, "transport-failed");
		log_info("job %llu: uid %u %s %s: passed to '%s', %s", (unsigned long long)peer->lease, peer->cred.uid,
			 peer->job.compiler ? peer->job.compiler : "?", peer->job.source ? peer->job.source : "",
			 peer->relay.server->label, result ? result : "no result");
	}
	relay_detach(&peer->relay);
	if (again) {
		gateway->counters.replayed++;
		enqueue(peer, true);
	} else if (str_equal(result, "transport-failed")) {
		deny(peer, "attempts", "the job was tried on several servers in vain: see distcc-gateway --status");
	} else {
		peer_close(peer);
	}
}

/* Which message may come in which state: all others are offences. */
static const struct {
	enum peer_state state;
	enum lease_token token;
} expected[] = {
	{ PEER_ASKING, LEASE_WANT }, { PEER_ASKING, LEASE_SHOW }, { PEER_WANTED, LEASE_REDY }, { PEER_HANDED, LEASE_RSLT },
};

static bool is_expected(enum peer_state state, enum lease_token token)
{
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (expected[i].state == state && expected[i].token == token)
			return true;
	return false;
}

static void take_message(struct peer *peer, const struct lease_message *message)
{
	if (!is_expected(peer->state, message->token)) {
		offend(peer, "a message out of turn");
		return;
	}
	switch (message->token) {
	case LEASE_WANT:
		take_want(peer, message);
		break;
	case LEASE_SHOW:
		answer_show(peer, message);
		break;
	case LEASE_REDY:
		peer->gateway->counters.lease_jobs++;
		enqueue(peer, false);
		break;
	default:
		take_result(peer, message);
	}
}

static void lease_input(struct peer *peer)
{
	while (peer->in.len && (peer->state == PEER_ASKING || peer->state == PEER_WANTED || peer->state == PEER_HANDED)) {
		autolease message = LEASE_MESSAGE_INIT;
		struct err err = ERR_INIT;
		size_t n_used;
		int found = lease_decode(peer->in.data, peer->in.len, &n_used, &message, &err);

		if (found < 0)
			offend(peer, err.text);
		if (found <= 0)
			return;
		buf_remove_front(&peer->in, n_used);
		take_message(peer, &message);
	}
	if (peer->in.len && peer->state == PEER_QUEUED)
		offend(peer, "bytes before the grant");
}

/* ------------------------------------------------------------------ from the peer */

static void greet(struct peer *peer)
{
	struct err err = ERR_INIT;
	uint32_t version;

	switch (peer->in.data[0]) {
	case 'G':
		peer->dialect = DIALECT_LEASE;
		if (peer->in.len < TOKEN_LEN)
			return;
		if (token_decode(peer->in.data, "GATE", &version, &err) < 0) {
			offend(peer, err.text);
			return;
		}
		if (version != LEASE_VERSION) {
			deny(peer, "version", "this gateway speaks version 1 of the lease dialect");
			return;
		}
		buf_remove_front(&peer->in, TOKEN_LEN);
		peer->state = PEER_ASKING;
		set_timer(peer, ASKING_S);
		lease_input(peer);
		return;
	case 'D':
		peer->dialect = DIALECT_RAW;
		enter_raw(peer);
		return;
	case 5:
		peer->dialect = DIALECT_SOCKS;
		socks_input(peer);
		return;
	default:
		offend(peer, "neither a lease, nor distcc, nor SOCKS5");
	}
}

static void request_input(struct peer *peer, const char *bytes, size_t len)
{
	struct err err = ERR_INIT;

	peer->moved += len;
	if (relay_add_request(&peer->relay, bytes, len, &err) < 0) {
		if (err.code == ERR_IO)
			deny(peer, "spool", err.text);
		else
			offend(peer, err.text);
		return;
	}
	if (peer->state != PEER_REQUEST || !peer->relay.request_whole)
		return;
	peer->state = PEER_WORKING;
	event_del(peer->timer);
}

static void peer_input(struct peer *peer, const char *bytes, size_t len)
{
	switch (peer->state) {
	case PEER_GREETING:
		buf_add(&peer->in, bytes, len);
		greet(peer);
		break;
	case PEER_SOCKS:
		buf_add(&peer->in, bytes, len);
		socks_input(peer);
		break;
	case PEER_ASKING:
	case PEER_WANTED:
	case PEER_HANDED:
	case PEER_QUEUED:
		buf_add(&peer->in, bytes, len);
		lease_input(peer);
		break;
	case PEER_HEAD:
		raw_input(peer, bytes, len);
		break;
	case PEER_REQUEST:
		request_input(peer, bytes, len);
		break;
	default:
		offend(peer, "bytes after the request");
	}
}

static void peer_on_readable(evutil_socket_t fd, short what, void *context)
{
	static char chunk[CHUNK];	/* one thread, used up before anything else is read */
	struct peer *peer = context;

	(void)what;
	while (peer->reading) {
		int n_refused = 0;
		ssize_t n = fdpass_recv((int)fd, chunk, sizeof(chunk), NULL, &n_refused);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n_refused) {
			peer->gateway->counters.refused_descriptors += (unsigned)n_refused;
			offend(peer, "descriptors came with its message");
			return;
		}
		if (n <= 0) {
			/* Gone: whatever is done for it is cancelled. An answer that it did not wait for, too. */
			peer_close(peer);
			return;
		}
		peer_input(peer, chunk, (size_t)n);
		if (peer->state == PEER_CLOSED || (size_t)n < sizeof(chunk))
			return;
	}
}

/* ------------------------------------------------------------------ deadlines */

static void peer_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct peer *peer = context;

	(void)fd;
	(void)what;
	if ((peer->state == PEER_REQUEST || peer->state == PEER_ANSWER) && peer->moved - peer->moved_at_timer >= PROGRESS_BYTES) {
		set_timer(peer, PROGRESS_S);
		return;
	}
	if (peer->state == PEER_HANDED && handoff_is_used(peer->relay.server_fd))
		return;
	peer->gateway->counters.timeouts++;
	log_notice("peer uid %u pid %d: too slow (state %d); closed", peer->cred.uid, (int)peer->cred.pid, (int)peer->state);
	peer_close(peer);
}

/* ------------------------------------------------------------------ the beginning */

static bool in_group(void *context, gid_t gid)
{
	const struct peer *peer = context;

	return sock_peer_in_group(peer->fd, gid);
}

void peer_open(struct gateway *gateway, int fd)
{
	struct peer *peer = mem_alloc(sizeof(*peer));

	peer->gateway = gateway;
	peer->fd = fd;
	peer->cred = (struct sock_cred){ 0, gateway->overflow_uid, (gid_t)-1 };
	sock_peer_cred(fd, &peer->cred);
	relay_init(&peer->relay, gateway);
	peer->relay.on_connected = relay_connected;
	peer->relay.on_fault = relay_faulted;
	peer->relay.on_answered = relay_answered;
	peer->relay.context = peer;
	peer->job.uid = peer->cred.uid;
	peer->job.on_grant = job_granted;
	peer->job.on_deny = job_denied;
	peer->job.context = peer;
	peer->readable = event_new(gateway->base, fd, EV_READ | EV_PERSIST, peer_on_readable, peer);
	peer->writable = event_new(gateway->base, fd, EV_WRITE, peer_on_writable, peer);
	peer->gone = event_new(gateway->base, fd, EV_CLOSED, peer_on_gone, peer);
	peer->timer = evtimer_new(gateway->base, peer_on_timer, peer);
	peer->next = gateway->peers;
	if (peer->next)
		peer->next->prev = peer;
	gateway->peers = peer;
	gateway->counters.peers++;
	gateway->counters.accepted++;
	if (!policy_admits(&gateway->setup->options->admission, peer->cred.uid, gateway->overflow_uid, in_group, peer)) {
		gateway->counters.not_admitted++;
		log_notice("peer uid %u pid %d: not admitted (--allow-user, --allow-group)", peer->cred.uid, (int)peer->cred.pid);
		peer->dialect = DIALECT_LEASE;
		deny(peer, "admission", "this user may not use the gateway: see --allow-user and --allow-group of distcc-gateway");
		return;
	}
	set_timer(peer, GREETING_S);
	set_reading(peer, true);
	/* Most clients have spoken by the time they are accepted. */
	peer_on_readable(fd, EV_READ, peer);
}
