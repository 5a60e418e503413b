/* gateway/dialect-lease.c - see dialect-lease.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/dialect-lease.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "gateway/ledger.h"
#include "gateway/show.h"
#include "gateway/turn.h"
#include "wire/lease.h"
#include "wire/version.h"

static void answer_show(struct peer *peer, const struct lease_message *message)
{
	const struct show_query query = {
		.what = lease_get(message, "what"),
		.json = str_equal(lease_get(message, "format"), "json"),
		.build = lease_get(message, "build"),
		.since = (uint64_t)lease_get_int(message, "since", 0),
	};
	autobuf text = BUF_INIT;

	/* Whoever looks is no part of what is seen. */
	peer->asks = true;
	peer->gateway->counters.peers--;
	peer->gateway->counters.askers++;
	show_render(&text, peer->gateway, &query);
	for (size_t at = 0; at < text.len;) {
		size_t len = text.len - at < LEASE_PAYLOAD_MAX ? text.len - at : LEASE_PAYLOAD_MAX;

		lease_text(&peer->out, text.data + at, len);
		at += len;
	}
	lease_text(&peer->out, "", 0);
	peer_close_after_messages(peer);
}

/* What a client ran without us, and why. It does not wait for an answer. */
static void take_note(struct peer *peer, const struct lease_message *message)
{
	int64_t ms = lease_get_int(message, "ms", 0);

	if (str_equal(lease_get(message, "where"), "local"))
		feed_local(&peer->gateway->feed, peer->cred.uid, lease_get(message, "build"),
			   lease_get(message, "source"), lease_get(message, "reason"), ms,
			   clock_now_ms());
	peer_close(peer);
}

static const struct {
	const char *name;
	enum job_kind kind;
} kinds[] = {
	{ "compile", JOB_COMPILE }, { "cpp", JOB_CPP }, { "local", JOB_LOCAL }, { "link", JOB_LINK },
	{ "served", JOB_SERVED },
};

static bool take_kind(struct job *job, const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!name || str_equal(name, kinds[i].name)) {
			job->kind = kinds[i].kind;
			return true;
		}
	}
	return false;
}

/* What it says of its own job moves no other user's: refusals are remembered together with it. */
static void take_object(struct job *job, const char *pattern)
{
	if (!pattern || !object_is_pattern(pattern))
		return;
	job->object = mem_strdup(pattern);
	job->toolchain = str_format("%.63s %s", job->compiler ? job->compiler : "", pattern);
}

static void take_want(struct peer *peer, const struct lease_message *message)
{
	struct job *job = &peer->job;

	job->compiler = mem_strdup(lease_get(message, "compiler"));
	job->source = mem_strdup(lease_get(message, "source"));
	job->use = mem_strdup(lease_get(message, "use"));
	take_object(job, lease_get(message, "object"));
	job->wish.allow_relay = lease_has_word(message, "modes", "relay") || !lease_get(message, "modes");
	job->wish.allow_fd = lease_has_word(message, "modes", "fd");
	job->protocol_min = lease_has_word(message, "proto", "1") || !lease_get(message, "proto") ? PROTOCOL_PLAIN :
			    lease_has_word(message, "proto", "2") ? PROTOCOL_LZO : PROTOCOL_PUMP;
	job->protocol_max = lease_has_word(message, "proto", "3") ? PROTOCOL_PUMP :
			    lease_has_word(message, "proto", "2") ? PROTOCOL_LZO : PROTOCOL_PLAIN;
	job->label = mem_strdup(lease_get(message, "build"));
	job->session = mem_strdup(lease_get(message, "session"));
	job->nice = (int)lease_get_int(message, "priority", 0);
	job->allow_here = lease_has_word(message, "modes", "local");
	if (!take_kind(job, lease_get(message, "kind"))) {
		peer_deny(peer, "kind",
			  "this gateway leases places for kind=compile, cpp, local, link and served");
		return;
	}
	if (job->kind == JOB_COMPILE)
		ledger_wanted(&peer->relay, &peer->cred, &peer->job, job->label);
	if (job->kind != JOB_COMPILE ? !job->allow_here : !job->wish.allow_relay && !job->wish.allow_fd && !job->allow_here) {
		peer_deny(peer, "modes", "none of the modes in modes= is known here");
		return;
	}
	peer->state = PEER_WANTED;
	peer_set_timer(peer, WANTED_S);
}

static void take_result(struct peer *peer, const struct lease_message *message)
{
	struct gateway *gateway = peer->gateway;
	const char *result = lease_get(message, "result");
	bool again = str_equal(result, "transport-failed") && peer->job.n_tried < JOB_ATTEMPTS_MAX;

	/* Only its own lease moves: a client's word against a server changes nothing for others. */
	shutdown(peer->relay.server_fd, SHUT_RDWR);
	if (peer->relay.is_probe)
		breaker_on_nothing(&peer->relay.server->breaker);
	if (!again) {
		peer->relay.server->n_done += !str_equal(result, "transport-failed");
		gateway->counters.passed += !str_equal(result, "transport-failed");
		if (!str_equal(result, "transport-failed"))
			ledger_ended(&peer->relay, FEED_DONE, result ? result : "no-result");
	}
	relay_detach(&peer->relay);
	if (again) {
		ledger_replayed(&peer->relay, "transport-failed", "the client could not use its connection");
		turn_enqueue(peer, true);
	} else if (str_equal(result, "transport-failed")) {
		peer_deny(peer, "attempts",
			  "the job was tried on several servers in vain: see distcc-gateway --status");
	} else {
		peer_close(peer);
	}
}

static void end_here(struct peer *peer, const struct lease_message *message)
{
	struct gateway *gateway = peer->gateway;
	const char *result = lease_get(message, "result");
	int64_t ms = clock_now_ms() - peer->granted_at_ms;

	if (peer->job.kind == JOB_COMPILE && str_equal(result, "ok"))
		estimate_add(&gateway->schedule.here, ms, peer->job.size);
	ledger_ended(&peer->relay, FEED_DONE, result ? result : "no-result");
	peer_close(peer);
}

/* Which message may come in which state: all others are offences. */
static const struct {
	enum peer_state state;
	enum lease_token token;
} expected[] = {
	{ PEER_ASKING, LEASE_WANT }, { PEER_ASKING, LEASE_SHOW }, { PEER_ASKING, LEASE_NOTE },
	{ PEER_WANTED, LEASE_REDY }, { PEER_HANDED, LEASE_RSLT },
	{ PEER_HERE, LEASE_RSLT },
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
		peer_offend(peer, "a message out of turn");
		return;
	}
	switch (message->token) {
	case LEASE_WANT:
		take_want(peer, message);
		break;
	case LEASE_SHOW:
		answer_show(peer, message);
		break;
	case LEASE_NOTE:
		take_note(peer, message);
		break;
	case LEASE_REDY:
		peer->gateway->counters.lease_jobs += peer->job.kind == JOB_COMPILE &&
						      !feed_job_is_counted(&peer->seen,
									   FEED_QUEUED);
		peer->job.size = (uint64_t)lease_get_int(message, "size", 0);
		if (peer->job.kind == JOB_COMPILE)
			ledger_queued(&peer->relay);
		turn_enqueue(peer, false);
		break;
	default:
		if (peer->state == PEER_HERE)
			end_here(peer, message);
		else
			take_result(peer, message);
	}
}

void dialect_lease_input(struct peer *peer)
{
	while (peer->in.len && (peer->state == PEER_ASKING || peer->state == PEER_WANTED ||
				peer->state == PEER_HANDED || peer->state == PEER_HERE)) {
		autolease message = LEASE_MESSAGE_INIT;
		struct err err = ERR_INIT;
		size_t n_used;
		int found;

		/* our successor hears it: the counts, and the queue, are there */
		if (peer->gateway->retirement && (peer->state == PEER_ASKING || peer->state == PEER_WANTED))
			return;
		found = lease_decode(peer->in.data, peer->in.len, &n_used, &message, &err);

		if (found < 0)
			peer_offend(peer, err.text);
		if (found <= 0)
			return;
		/* until its grant, so that a successor of ours can hear it, too */
		if (peer->state == PEER_ASKING || peer->state == PEER_WANTED)
			buf_add(&peer->said, peer->in.data, n_used);
		buf_remove_front(&peer->in, n_used);
		take_message(peer, &message);
	}
	if (peer->in.len && peer->state == PEER_QUEUED)
		peer_offend(peer, "bytes before the grant");
}
