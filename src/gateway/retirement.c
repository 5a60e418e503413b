/* gateway/retirement.c - see retirement.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/retirement.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/http.h"
#include "gateway/peer.h"
#include "gateway/tally.h"
#include "gateway/trunk.h"

struct retirement {
	struct gateway *gateway;
	struct trunk *trunk;
	struct event *look;		/* not from within whatever changed something */
	/* of a job when this began; later ones get their numbers over there */
	uint64_t last_id;
	void (*on_done)(void *context);
	void *context;
};

/* A client without a slot of a server, who says at most what can be said again in its name. Requests for SOCKS
 * are not: they have been answered in part, and are over in a moment. */
static bool is_movable(const struct peer *peer)
{
	switch (peer->state) {
	case PEER_GREETING:
	case PEER_ASKING:
	case PEER_WANTED:
	case PEER_HEAD:
	case PEER_HERE:
		return true;
	case PEER_QUEUED:
	case PEER_REQUEST:
	case PEER_WORKING:
		return job_is_queued(&peer->job);
	default:
		return false;
	}
}

static void put_request(struct trunk *trunk, const struct spool *request)
{
	struct trunk_packet packet = { .kind = TRUNK_FILE };

	if (request->fd >= 0)
		trunk_put(trunk, &packet, request->fd);
	else
		trunk_put_text(trunk, TRUNK_REQUEST, request->memory.data, request->memory.len);
}

/* Its steps are counted once, and the log of either gateway has it under one number. */
static void add_job(const struct retirement *retirement, struct trunk_packet *packet,
		    const struct feed_job *job)
{
	if (!job->id)
		return;
	packet->job = job->id <= retirement->last_id ? job->id : 0;
	packet->counted = 1U << FEED_WANTED;
	if (job->queued_ms)
		packet->counted |= 1U << FEED_QUEUED;
	if (job->granted_ms)
		packet->counted |= 1U << FEED_GRANTED;
}

/* Whole lines in each packet. */
static void put_lines(struct trunk *trunk, const struct buf *text)
{
	size_t at = 0;

	while (at < text->len) {
		size_t len = text->len - at < TRUNK_TEXT_MAX ? text->len - at : TRUNK_TEXT_MAX - 1;

		while (len && text->data[at + len - 1] != '\n')
			len--;
		trunk_put_text(trunk, TRUNK_COUNTS, text->data + at, len);
		at += len;
	}
}

/* False: there was nothing to tell. */
static bool put_counts(struct retirement *retirement)
{
	autobuf text = BUF_INIT;

	tally_give(retirement->gateway, &text);
	put_lines(retirement->trunk, &text);
	return text.len != 0;
}

static void put_experience(struct retirement *retirement)
{
	autobuf text = BUF_INIT;

	tally_give_experience(retirement->gateway, &text);
	put_lines(retirement->trunk, &text);
}

static void move(struct retirement *retirement, struct peer *peer)
{
	const struct gateway *gateway = retirement->gateway;
	struct trunk *trunk = retirement->trunk;
	struct trunk_packet packet = { .kind = TRUNK_PEER };

	packet.is_raw = peer->dialect == DIALECT_RAW || peer->dialect == DIALECT_SOCKS;
	if (peer->dialect == DIALECT_LEASE && (peer->state == PEER_REQUEST || peer->state == PEER_WORKING))
		packet.told = peer->protocol;
	if (job_is_queued(&peer->job))
		packet.waited_ms = clock_now_ms() - peer->job.queued_at_ms;
	add_job(retirement, &packet, &peer->seen);
	packet.place = peer->holds_place ? (int32_t)peer->place : -1;
	for (size_t i = 0; i < gateway->n_servers; i++) {
		if (gateway->servers[i]->id == peer->job.preferred) {
			packet.len = (uint32_t)strlen(gateway->servers[i]->label);
			memcpy(packet.text, gateway->servers[i]->label, packet.len);
		}
	}
	trunk_put(trunk, &packet, peer->fd);
	trunk_put_text(trunk, TRUNK_SAID, peer->said.data, peer->said.len);
	trunk_put_text(trunk, TRUNK_SAID, peer->in.data, peer->in.len);
	trunk_put_text(trunk, TRUNK_OUT, peer->out.data, peer->out.len);
	put_request(trunk, &peer->relay.request.spool);
	trunk_put_text(trunk, TRUNK_ADOPT, "!", 1);
	feed_job_moved(&retirement->gateway->feed, &peer->seen);
	peer_close(peer);
}

/* One peer at a time: what waits in the trunk's queue is memory. */
static void retirement_on_look(evutil_socket_t fd, short what, void *context)
{
	struct retirement *retirement = context;
	struct gateway *gateway = retirement->gateway;

	(void)fd;
	(void)what;
	/* when they are sent this is called again */
	if (!trunk_is_empty(retirement->trunk) || put_counts(retirement))
		return;
	for (struct peer *peer = gateway->peers; peer; peer = peer->next) {
		if (is_movable(peer)) {
			move(retirement, peer);
			return;
		}
	}
	/* Slots that a predecessor of ours still uses are ours to answer for. */
	if (!gateway->peers && !gateway->heritage && http_is_done(gateway->http))
		retirement->on_done(retirement->context);
}

void retirement_look(struct retirement *retirement)
{
	event_active(retirement->look, EV_TIMEOUT, 0);
}

static void trunk_on_empty(void *context)
{
	retirement_look(context);
}

static void trunk_on_broken(void *context)
{
	struct retirement *retirement = context;

	/* Clients that come back find whoever listens now; those that wait here would wait for ever. */
	log_error("the gateway that replaced this one is gone; ending");
	retirement->on_done(retirement->context);
}

static void put_holds(struct retirement *retirement)
{
	struct gateway *gateway = retirement->gateway;
	autofree char *numbers = NULL;
	autobuf text = BUF_INIT;

	for (size_t i = 0; i <= gateway->n_servers; i++) {
		const struct server *server = i < gateway->n_servers ? gateway->servers[i] : NULL;

		if (server && server->in_flight)
			buf_add_format(&text, "%s\t%d\n", server->label, server->in_flight);
		/* a packet ends with a line */
		if (text.len && (!server || text.len > TRUNK_TEXT_MAX / 2)) {
			trunk_put_text(retirement->trunk, TRUNK_HOLDS, text.data, text.len);
			buf_clear(&text);
		}
	}
	numbers = str_format("%" PRIu64 " %" PRIu64, gateway->feed.last_id, gateway->feed.last_seq);
	trunk_put_text(retirement->trunk, TRUNK_BEGIN, numbers, strlen(numbers));
}

/* Whoever is about to read the page: our figures are over there. */
static void put_reader(void *context, int fd, const char *bytes, size_t len)
{
	const struct retirement *retirement = context;
	struct trunk_packet packet = { .kind = TRUNK_READER, .len = (uint32_t)(len < TRUNK_TEXT_MAX ? len : TRUNK_TEXT_MAX - 1) };

	memcpy(packet.text, bytes ? bytes : "", packet.len);
	trunk_put(retirement->trunk, &packet, fd);
}

struct retirement *retirement_begin(struct gateway *gateway, int trunk_fd,
				    void (*on_done)(void *context), void *context)
{
	struct retirement *retirement = mem_alloc(sizeof(*retirement));

	*retirement = (struct retirement){ .gateway = gateway, .on_done = on_done, .context = context };
	retirement->last_id = gateway->feed.last_id;
	retirement->look = event_new(gateway->base, -1, 0, retirement_on_look, retirement);
	retirement->trunk = trunk_open(gateway->base, trunk_fd, trunk_on_empty, trunk_on_broken, retirement);
	/* before the first job is given a server over there */
	put_experience(retirement);
	put_holds(retirement);
	http_retire(gateway->http, put_reader, retirement);
	return retirement;
}

void retirement_end(struct retirement *retirement)
{
	if (!retirement)
		return;
	event_free(retirement->look);
	trunk_close(retirement->trunk);
	free(retirement);
}

void retirement_slot_free(struct retirement *retirement, const struct server *server)
{
	trunk_put_text(retirement->trunk, TRUNK_FREED, server->label, strlen(server->label));
}
