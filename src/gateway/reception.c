/* gateway/reception.c - see reception.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/reception.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/dialect-lease.h"
#include "gateway/dialect-raw.h"
#include "gateway/dialect-socks.h"
#include "gateway/handoff.h"
#include "gateway/turn.h"
#include "wire/lease.h"

enum {
	CHUNK = 65536,
	CHUNKS_AT_ONCE = 4,		/* then others have a turn: who floods us does not stop the rest */
	PROGRESS_BYTES = 65536		/* in PROGRESS_S */
};

/* ------------------------------------------------------------------ from the peer */

static void greet(struct peer *peer);

/* Another gateway: what follows is the raw dialect. */
static void take_via(struct peer *peer)
{
	autolease message = LEASE_MESSAGE_INIT;
	struct err err = ERR_INIT;
	size_t n_used;
	int found = lease_decode(peer->in.data, peer->in.len, &n_used, &message, &err);

	if (found == 0)
		return;
	if (found < 0 || message.token != LEASE_HOPS || peer->relay.via || !lease_get(&message, "names")) {
		peer_offend(peer, found < 0 ? err.text : "no gateway introduces itself like that");
		return;
	}
	peer->relay.via = mem_strdup(lease_get(&message, "names"));
	buf_add(&peer->said, peer->in.data, n_used);
	buf_remove_front(&peer->in, n_used);
	if (via_is_loop(peer->relay.via, peer->gateway->name)) {
		log_warning("a job has come in a circle: gateways are in each other's host lists");
		peer_deny(peer, "loop", VIA_DENIAL);
	} else if (peer->in.len) {
		greet(peer);
	}
}

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
			peer_offend(peer, err.text);
			return;
		}
		if (version != LEASE_VERSION) {
			peer_deny(peer, "version", "this gateway speaks version 1 of the lease dialect");
			return;
		}
		buf_add(&peer->said, peer->in.data, TOKEN_LEN);
		buf_remove_front(&peer->in, TOKEN_LEN);
		peer->state = PEER_ASKING;
		peer_set_timer(peer, ASKING_S);
		dialect_lease_input(peer);
		return;
	case 'H':
		take_via(peer);
		return;
	case 'D':
		peer->dialect = DIALECT_RAW;
		dialect_raw_enter(peer);
		return;
	case 5:
		peer->dialect = DIALECT_SOCKS;
		dialect_socks_input(peer);
		return;
	default:
		peer_offend(peer, "neither a lease, nor distcc, nor SOCKS5");
	}
}

/* Counts more bytes of the request. False if its user has us keep so many already. */
static bool keep(struct peer *peer, size_t len)
{
	const struct gateway_setup *setup = peer->gateway->setup;
	bool is_news, fits = quota_keep(&peer->gateway->quotas, peer->job.uid, len,
					setup->user_bytes_max, &is_news);

	peer->kept += len;
	if (is_news && peer->cred.uid != 0)
		peer_complain(peer, "this user has %u MiB of requests here, as many as one may have (--user-mib); more are turned away",
			      (unsigned)(setup->user_bytes_max >> 20));
	return fits || peer->cred.uid == 0;
}

static void request_input(struct peer *peer, const char *bytes, size_t len)
{
	struct err err = ERR_INIT;

	peer->moved += len;
	if (!keep(peer, len)) {
		peer->gateway->counters.over_quota++;
		peer_deny(peer, "quota",
			  "this user has as many bytes in the gateway as one may have: see --user-mib");
		return;
	}
	if (relay_add_request(&peer->relay, bytes, len, &err) < 0) {
		if (err.code == ERR_IO)
			peer_deny(peer, "spool", err.text);
		else
			peer_offend(peer, err.text);
		return;
	}
	if (peer->state != PEER_REQUEST || !peer->relay.request.whole)
		return;
	peer->state = PEER_WORKING;
	event_del(peer->timer);
	peer_charge_for_waiting(peer);
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
		dialect_socks_input(peer);
		break;
	case PEER_ASKING:
	case PEER_WANTED:
	case PEER_HANDED:
	case PEER_HERE:
	case PEER_QUEUED:
		buf_add(&peer->in, bytes, len);
		dialect_lease_input(peer);
		break;
	case PEER_HEAD:
		dialect_raw_input(peer, bytes, len);
		break;
	case PEER_REQUEST:
		request_input(peer, bytes, len);
		break;
	default:
		peer_offend(peer, "bytes after the request");
	}
}

static void peer_on_readable(evutil_socket_t fd, short what, void *context)
{
	static char chunk[CHUNK];	/* one thread, used up before anything else is read */
	struct peer *peer = context;

	(void)what;
	for (int i = 0; i < CHUNKS_AT_ONCE && peer->reading; i++) {
		int n_refused = 0;
		ssize_t n = fdpass_recv((int)fd, chunk, sizeof(chunk), NULL, &n_refused);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n_refused) {
			peer->gateway->counters.refused_descriptors += (unsigned)n_refused;
			peer_offend(peer, "descriptors came with its message");
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

static const char *const doing[] = {
	[PEER_GREETING] = "to greet", [PEER_ASKING] = "to ask", [PEER_WANTED] = "to preprocess",
	[PEER_SOCKS] = "with its SOCKS request", [PEER_HEAD] = "with its command",
		[PEER_QUEUED] = "in the queue",
	[PEER_REQUEST] = "with its request", [PEER_WORKING] = "while its server works",
	[PEER_ANSWER] = "to take its answer", [PEER_HANDING] = "while its server is dialled",
	[PEER_HANDED] = "to use its connection", [PEER_HERE] = "with its work here",
		[PEER_CLOSING] = "to take its last message", [PEER_CLOSED] = "",
};

static void peer_on_timer(evutil_socket_t fd, short what, void *context)
{
	struct peer *peer = context;
	bool is_begun = peer->timer_s == FIRST_S && peer->moved != peer->moved_at_timer;

	(void)fd;
	(void)what;
	if ((peer->state == PEER_REQUEST || peer->state == PEER_ANSWER) &&
	    (is_begun || peer->moved - peer->moved_at_timer >= PROGRESS_BYTES)) {
		peer_set_timer(peer, PROGRESS_S);
		return;
	}
	if (peer->state == PEER_HANDED && handoff_is_used(peer->relay.server_fd))
		return;
	peer->gateway->counters.timeouts++;
	peer_complain(peer, "too slow %s; closed", doing[peer->state]);
	peer_close(peer);
}

/* ------------------------------------------------------------------ the beginning */

static void peer_on_gone(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	peer_close(context);
}

static bool in_group(void *context, gid_t gid)
{
	const struct peer *peer = context;

	return sock_peer_in_group(peer->fd, gid);
}

static struct peer *receive(struct gateway *gateway, int fd)
{
	struct peer *peer = peer_new(gateway, fd);

	turn_init(peer);
	peer->readable = event_new(gateway->base, fd, EV_READ | EV_PERSIST, peer_on_readable, peer);
	peer->gone = event_new(gateway->base, fd, EV_CLOSED, peer_on_gone, peer);
	peer->timer = evtimer_new(gateway->base, peer_on_timer, peer);
	return peer;
}

void reception_open(struct gateway *gateway, int fd)
{
	struct peer *peer = receive(gateway, fd);

	gateway->counters.accepted++;
	if (!policy_admits(&gateway->setup->options->admission, peer->cred.uid,
			   gateway->overflow_uid, in_group, peer)) {
		gateway->counters.not_admitted++;
		peer_complain(peer, "not admitted (--allow-user, --allow-group)");
		peer->dialect = DIALECT_LEASE;
		peer_deny(peer, "admission", "this user may not use the gateway: see --allow-user and --allow-group of distcc-gateway");
		return;
	}
	/* The administrator's own questions are answered all the same. */
	if (peer->is_over_quota && peer->cred.uid != 0) {
		gateway->counters.over_quota++;
		peer->dialect = DIALECT_LEASE;
		peer_deny(peer, "quota", "this user has as many connections to the gateway as one may have: see --user-connections");
		return;
	}
	peer_set_timer(peer, GREETING_S);
	peer_set_reading(peer, true);
	/* Most clients have spoken by the time they are accepted. */
	peer_on_readable(fd, EV_READ, peer);
}

/* ------------------------------------------------------------------ from a predecessor */

void adoption_release(struct adoption *adoption)
{
	fd_close(&adoption->fd);
	fd_close(&adoption->file_fd);
	buf_release(&adoption->said);
	buf_release(&adoption->out);
	buf_release(&adoption->request);
	*adoption = (struct adoption)ADOPTION_INIT;
}

/* The request as far as the predecessor had it; it has passed its checks there, and does here. */
static int take_kept_request(struct peer *peer, const struct adoption *adoption, struct err *err)
{
	static char chunk[CHUNK];
	off_t at = 0;
	ssize_t n;

	keep(peer, adoption->request.len);
	if (adoption->request.len &&
	    relay_add_request(&peer->relay, adoption->request.data, adoption->request.len, err) < 0)
		return -1;
	if (adoption->file_fd < 0)
		return 0;
	while ((n = pread(adoption->file_fd, chunk, sizeof(chunk), at)) > 0) {
		keep(peer, (size_t)n);
		if (relay_add_request(&peer->relay, chunk, (size_t)n, err) < 0)
			return -1;
		at += n;
	}
	return n < 0 ? err_sys(err, ERR_IO, "cannot read a request that was handed over") : 0;
}

void reception_adopt(struct gateway *gateway, struct adoption *adoption)
{
	struct peer *peer = receive(gateway, fd_steal(&adoption->fd));
	struct err err = ERR_INIT;

	buf_add(&peer->out, adoption->out.data, adoption->out.len);
	peer->told = adoption->told;
	peer->told_here = adoption->place >= 0;
	peer->place = peer->told_here ? (enum place)adoption->place : PLACE_COMPILE;
	peer->waited_ms = adoption->waited_ms;
	peer->seen.resumes = adoption->job;
	peer->seen.counted = adoption->counted;
	peer->seen.waited_ms = adoption->waited_ms;
	peer->job.preferred = adoption->preferred;
	peer_set_timer(peer, GREETING_S);
	if (take_kept_request(peer, adoption, &err) < 0) {
		peer_offend(peer, err.text);
		return;
	}
	peer_set_reading(peer, true);
	if (adoption->said.len)
		peer_input(peer, adoption->said.data, adoption->said.len);
	if (peer->state == PEER_CLOSED)
		return;
	if (adoption->is_raw) {
		peer->dialect = DIALECT_RAW;
		dialect_raw_resume(peer);
	}
	if (peer->state != PEER_CLOSED && peer->out.len)
		peer_flush(peer);
}
