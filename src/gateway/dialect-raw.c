/* gateway/dialect-raw.c - see dialect-raw.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/dialect-raw.h"

#include "base/mem.h"
#include "base/path.h"
#include "gateway/ledger.h"
#include "gateway/turn.h"
#include "wire/version.h"

/* The request's words have come: what job is it? */
static void raw_ready(struct peer *peer)
{
	struct job *job = &peer->job;
	uint32_t version = walk_version(&peer->relay.request.walk);

	job->compiler = mem_strdup(path_base(peer->relay.request.argv0));
	job->protocol_min = job->protocol_max = (int)version;
	job->wish = (struct handing_wish){ .allow_relay = true };
	job->impatient = true;
	if (!feed_job_is_counted(&peer->seen, FEED_QUEUED)) {
		if (peer->dialect == DIALECT_SOCKS)
			peer->gateway->counters.socks_jobs++;
		else
			peer->gateway->counters.raw_jobs++;
	}
	ledger_wanted(&peer->relay, &peer->cred, &peer->job, NULL);
	ledger_queued(&peer->relay);
	turn_enqueue(peer, false);
}

static void look(struct peer *peer)
{
	if (peer->relay.request.ready)
		raw_ready(peer);
	else if (peer->relay.request.walk.expected == WALK_DOTI)
		peer_set_timer(peer, HEAD_PAUSE_S);
}

void dialect_raw_resume(struct peer *peer)
{
	peer->state = PEER_HEAD;
	peer_set_timer(peer, HEAD_S);
	look(peer);
}

void dialect_raw_input(struct peer *peer, const char *bytes, size_t len)
{
	struct err err = ERR_INIT;

	if (relay_add_request(&peer->relay, bytes, len, &err) < 0) {
		peer_offend(peer, err.text);
		return;
	}
	look(peer);
}

void dialect_raw_enter(struct peer *peer)
{
	autofree char *bytes = NULL;
	size_t len = peer->in.len;

	peer->state = PEER_HEAD;
	peer_set_timer(peer, HEAD_S);
	bytes = buf_steal(&peer->in);
	if (len)
		dialect_raw_input(peer, bytes, len);
}
