/* gateway/live.c - see live.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "gateway/figures.h"
#include "gateway/listing.h"
#include "gateway/peer.h"
#include "gateway/status.h"

enum {					/* what one message holds at most, however big the farm */
	/* of news; of the past FEED_EVENTS_MAX at most, ends of attempts alone */
	EVENTS_MAX = 1500,
	RUNNING_MAX = 4000,
	QUEUE_MAX = 24,
	BUILDS_MAX_SHOWN = 24,
	PAST_MS = 65000
};

void live_release(struct live *live)
{
	free(live->servers);
	live->servers = NULL;
	live->n_servers = 0;
}

/* ------------------------------------------------------------------ parts */

static void add_begin(struct buf *out, const char *kind)
{
	buf_add_format(out, "{\"kind\": \"%s\", \"now_ms\": %lld", kind, (long long)clock_now_ms());
}

static void add_builds(struct buf *out, const struct feed *feed)
{
	/* the list's head's prev is its last one: the build that spoke last */
	const struct feed_build *build = feed->oldest ? feed->oldest->prev : NULL;

	buf_add_str(out, ", \"builds\": [");
	for (int n = 0; build && n < BUILDS_MAX_SHOWN; n++) {
		buf_add_str(out, n ? ", " : "");
		listing_add_build(out, build);
		build = build == feed->oldest ? NULL : build->prev;
	}
	buf_add_str(out, "]");
}

/* Oldest first; new peers are put in front of their list. */
static void add_jobs(struct buf *out, const struct gateway *gateway, const char *key, size_t max,
		     bool running)
{
	int64_t now_ms = clock_now_ms();
	const struct peer *peer = gateway->peers;
	size_t n = 0;

	while (peer && peer->next)
		peer = peer->next;
	buf_add_format(out, ", \"%s\": [", key);
	for (; peer && n < max; peer = peer->prev) {
		if (!peer->seen.id || !(running ? peer->seen.holds_lane : job_is_queued(&peer->job)))
			continue;
		buf_add_str(out, n++ ? ", " : "");
		listing_add_job(out, peer, now_ms);
	}
	buf_add_str(out, "]");
}

static bool is_an_end(const struct feed_event *event)
{
	return event->lane >= 0 && event->kind != FEED_GRANTED && event->kind != FEED_SECOND && event->kind != FEED_QUEUED;
}

/* past: only what still makes a bar of the time line. */
static void add_events(struct buf *out, const struct feed *feed, uint64_t since, bool past)
{
	int64_t not_before_ms = clock_now_ms() - PAST_MS;
	const struct feed_event *event;
	const char *comma = "";

	buf_add_str(out, ", \"events\": [");
	while ((event = feed_next(feed, since))) {
		since = event->seq;
		if (past && (event->at_ms < not_before_ms || !is_an_end(event)))
			continue;
		buf_add_str(out, comma);
		listing_add_event(out, event);
		comma = ", ";
	}
	buf_add_str(out, "]");
}

static uint64_t not_too_many(const struct feed *feed, uint64_t since)
{
	return feed->last_seq > EVENTS_MAX && since < feed->last_seq - EVENTS_MAX ? feed->last_seq - EVENTS_MAX : since;
}

static void add_common(struct buf *out, const struct gateway *gateway)
{
	status_add_json_figures(out, gateway);
	add_jobs(out, gateway, "queue", QUEUE_MAX, false);
	add_builds(out, &gateway->feed);
}

/* ------------------------------------------------------------------ messages */

void live_render_all(struct buf *out, const struct gateway *gateway)
{
	int64_t now_ms = clock_now_ms();

	add_begin(out, "all");
	buf_add_str(out, ", \"version\": \"" PACKAGE_VERSION "\", \"hosts\": ");
	json_add_string(out, gateway->hosts_name);
	add_common(out, gateway);
	buf_add_str(out, ", \"sentences\": {");
	for (int i = 0; i < REASON_N && reason_word(i); i++) {
		buf_add_format(out, "%s\"%s\": ", i ? ", " : "", reason_word(i));
		json_add_string(out, reason_sentence(i));
	}
	buf_add_str(out, "}, \"servers\": [");
	for (size_t i = 0; i < gateway->n_servers; i++) {
		buf_add_str(out, i ? ", " : "");
		status_add_json_server(out, gateway->servers[i], now_ms);
	}
	buf_add_str(out, "]");
	add_jobs(out, gateway, "running", RUNNING_MAX, true);
	add_events(out, &gateway->feed, 0, true);
	buf_add_str(out, "}");
}

static bool servers_are_the_same(const struct live *live, const struct gateway *gateway)
{
	if (live->n_servers != gateway->n_servers)
		return false;
	for (size_t i = 0; i < live->n_servers; i++)
		if (strncmp(live->servers[i].label, gateway->servers[i]->label, FEED_SERVER_MAX - 1) != 0)
			return false;
	return true;
}

static bool note_server(struct live_server *told, const struct server *server, int64_t now_ms)
{
	struct live_server is = { .n_done = server->n_done, .n_failed = server->n_failed,
				  .slots = server_slots(server),
				  .in_flight = server->in_flight,
					  .state = figure_server_state(server, now_ms) };
	bool same = told->n_done == is.n_done && told->n_failed == is.n_failed && told->slots == is.slots &&
		    told->in_flight == is.in_flight && told->state == is.state;

	str_copy(is.label, sizeof(is.label), server->label);
	*told = is;
	return !same;
}

static enum live_news begin_anew(struct buf *out, struct live *live, const struct gateway *gateway,
				 int64_t now_ms)
{
	live->servers = mem_resize(live->servers, gateway->n_servers + 1, sizeof(*live->servers));
	live->n_servers = gateway->n_servers;
	for (size_t i = 0; i < live->n_servers; i++)
		note_server(&live->servers[i], gateway->servers[i], now_ms);
	live->seq = gateway->feed.last_seq;
	live_render_all(out, gateway);
	return LIVE_ALL;
}

enum live_news live_render_news(struct buf *out, struct live *live, const struct gateway *gateway)
{
	int64_t now_ms = clock_now_ms();
	bool changed = live->seq != gateway->feed.last_seq;
	const char *comma = "";

	if (!servers_are_the_same(live, gateway))
		return begin_anew(out, live, gateway, now_ms);
	add_begin(out, "more");
	add_common(out, gateway);
	buf_add_str(out, ", \"servers\": [");
	for (size_t i = 0; i < live->n_servers; i++) {
		if (!note_server(&live->servers[i], gateway->servers[i], now_ms))
			continue;
		buf_add_str(out, comma);
		status_add_json_server(out, gateway->servers[i], now_ms);
		comma = ", ";
		changed = true;
	}
	buf_add_str(out, "]");
	add_events(out, &gateway->feed, not_too_many(&gateway->feed, live->seq), false);
	buf_add_str(out, "}");
	live->seq = gateway->feed.last_seq;
	return changed ? LIVE_MORE : LIVE_NOTHING;
}
