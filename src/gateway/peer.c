/* gateway/peer.c - see peer.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/peer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/ledger.h"
#include "wire/lease.h"

/* ------------------------------------------------------------------ the end of a peer */

static void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

void peer_charge_for_waiting(struct peer *peer)
{
	struct gateway *gateway = peer->gateway;
	int64_t now_ms = clock_now_ms();

	schedule_charge(&gateway->schedule, &peer->job, now_ms - peer->granted_at_ms,
			pick_usual_ms(gateway->servers, gateway->n_servers, peer->job.size, now_ms));
}

void peer_close(struct peer *peer)
{
	struct gateway *gateway = peer->gateway;
	static const struct timeval now = { 0, 0 };

	if (peer->state == PEER_CLOSED)
		return;
	if (peer->lease)
		gateway->counters.leases--;
	if (peer->state == PEER_REQUEST && !job_is_queued(&peer->job))
		peer_charge_for_waiting(peer);
	peer->state = PEER_CLOSED;
	ledger_ended(&peer->relay, FEED_CANCELLED, NULL);
	queue_remove(&peer->job);
	if (peer->holds_place)
		schedule_place_free(&gateway->schedule, peer->place, peer->job.kind == JOB_COMPILE,
				    clock_now_ms());
	/* a passed connection is shut for whoever still holds it; only then the slot is free */
	if (peer->relay.handing && peer->relay.server_fd >= 0)
		shutdown(peer->relay.server_fd, SHUT_RDWR);
	relay_release(&peer->relay);
	free_event(&peer->readable);
	free_event(&peer->writable);
	free_event(&peer->gone);
	free_event(&peer->timer);
	free_event(&peer->waiting);
	fd_close(&peer->fd);
	buf_release(&peer->in);
	buf_release(&peer->said);
	buf_release(&peer->out);
	quota_leave(&gateway->quotas, peer->job.uid, peer->kept);
	gateway->counters.peers -= !peer->asks;
	gateway->counters.askers -= peer->asks;
	if (peer->prev)
		peer->prev->next = peer->next;
	else
		gateway->peers = peer->next;
	if (peer->next)
		peer->next->prev = peer->prev;
	job_release(&peer->job);
	peer->next = gateway->dead;
	gateway->dead = peer;
	event_add(gateway->reap, &now);
	if (peer->holds_place)
		gateway_schedule(gateway);
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

void peer_complain(struct peer *peer, const char *format, ...)
{
	autobuf text = BUF_INIT;
	unsigned n_left_out;
	va_list args;

	if (!complaint_is_due(&peer->gateway->complaints, peer->job.uid, clock_now_ms(), &n_left_out))
		return;
	va_start(args, format);
	buf_add_vformat(&text, format, args);
	va_end(args);
	if (n_left_out)
		log_notice("uid %u: %u more lines like these were left out", peer->job.uid, n_left_out);
	log_notice("peer uid %u pid %d: %s", peer->cred.uid, (int)peer->cred.pid, text.data);
}

void peer_offend(struct peer *peer, const char *what)
{
	peer->gateway->counters.protocol_errors++;
	peer_complain(peer, "%s; closed", what);
	peer_close(peer);
}

void peer_set_timer(struct peer *peer, int seconds)
{
	struct timeval tv = { seconds, 0 };

	peer->timer_s = seconds;
	peer->moved_at_timer = peer->moved;
	event_add(peer->timer, &tv);
}

void peer_set_reading(struct peer *peer, bool on)
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
	peer->gateway->counters.relayed++;
	ledger_ended(&peer->relay, FEED_DONE, NULL);
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
	while (peer->answered < peer->relay.answer.spool.size) {
		ssize_t n = spool_send(&peer->relay.answer.spool, peer->answered, peer->fd);

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

void peer_flush(struct peer *peer)
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
	peer_flush(context);
}

void peer_close_after_messages(struct peer *peer)
{
	peer->state = PEER_CLOSING;
	peer_set_reading(peer, false);
	peer_set_timer(peer, PROGRESS_S);
	peer_flush(peer);
}

void peer_deny(struct peer *peer, const char *reason, const char *text)
{
	struct lease_writer writer;

	peer->gateway->counters.denied++;
	if (!peer->seen.id)
		log_info("peer uid %u: denied: reason=%s", peer->cred.uid, reason);
	ledger_ended(&peer->relay, FEED_DENIED, reason);
	if (peer->dialect != DIALECT_LEASE && !peer->relay.via) {
		peer_close(peer);
		return;
	}
	lease_begin(&writer, &peer->out, LEASE_DENY);
	lease_add(&writer, "reason", reason);
	lease_add(&writer, "text", text);
	lease_end(&writer);
	peer_close_after_messages(peer);
}

static void peer_on_waiting(evutil_socket_t fd, short what, void *context)
{
	struct peer *peer = context;
	struct lease_writer writer;

	(void)fd;
	(void)what;
	lease_begin(&writer, &peer->out, LEASE_WAIT);
	lease_add_int(&writer, "position",
		      peer->state == PEER_QUEUED ? (int64_t)schedule_n_queued(&peer->gateway->schedule) : 0);
	lease_end(&writer);
	peer_flush(peer);
}

void peer_set_waiting(struct peer *peer, bool on)
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

static void enter_quota(struct peer *peer)
{
	const struct gateway_setup *setup = peer->gateway->setup;
	bool is_news;

	peer->is_over_quota = !quota_enter(&peer->gateway->quotas, peer->job.uid,
					   setup->user_connections_max, &is_news);
	if (is_news)
		peer_complain(peer, "this user has %u connections, as many as one may have (--user-connections); more are turned away",
			      setup->user_connections_max);
}

struct peer *peer_new(struct gateway *gateway, int fd)
{
	struct peer *peer = mem_alloc(sizeof(*peer));

	peer->gateway = gateway;
	peer->fd = fd;
	peer->cred = (struct sock_cred){ 0, gateway->overflow_uid, (gid_t)-1 };
	sock_peer_cred(fd, &peer->cred);
	peer->job.uid = subuids_owner(&gateway->setup->subuids, peer->cred.uid);
	enter_quota(peer);
	relay_init(&peer->relay, gateway);
	peer->writable = event_new(gateway->base, fd, EV_WRITE, peer_on_writable, peer);
	peer->next = gateway->peers;
	if (peer->next)
		peer->next->prev = peer;
	gateway->peers = peer;
	gateway->counters.peers++;
	return peer;
}
