/* gateway/listing.c - see listing.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/listing.h"

#include "base/clock.h"
#include "base/json.h"
#include "gateway/peer.h"

static void add_pair(struct buf *out, const char *key, const char *text)
{
	buf_add_format(out, ", \"%s\": ", key);
	json_add_string(out, text);
}

/* ------------------------------------------------------------------ jobs */

const char *listing_phase(const struct peer *peer)
{
	if (peer->relay.state == RELAY_DIALLING)
		return "Connect";
	switch (peer->state) {
	case PEER_QUEUED:
		return "Blocked";
	case PEER_REQUEST:
		return "Send";
	case PEER_ANSWER:
		return "Receive";
	case PEER_WORKING:
		return job_is_queued(&peer->job) ? "Blocked" : "Compile";
	case PEER_HANDED:
	case PEER_HERE:
		return "Compile";
	default:
		return "Preprocess";
	}
}

/* Another attempt beside the one that peer->seen is about, or NULL. */
static const struct feed_job *second_of(const struct peer *peer)
{
	const struct feed_job *job = peer->relay.second ? peer->relay.second->seen : NULL;

	return job && job->holds_lane ? job : NULL;
}

void listing_add_job(struct buf *out, const struct peer *peer, int64_t now_ms)
{
	const struct feed_job *job = &peer->seen;

	buf_add_format(out, "{\"job\": %llu, \"uid\": %u, \"pid\": %d, \"phase\": \"%s\"",
		       (unsigned long long)job->id, job->uid,
		       (int)job->pid, listing_phase(peer));
	add_pair(out, "file", job->source);
	add_pair(out, "compiler", job->compiler);
	add_pair(out, "build", job->build ? job->build->label : "");
	add_pair(out, "server", job->holds_lane ? job->server : "");
	buf_add_format(out, ", \"slot\": %d, \"age_ms\": %lld, \"run_ms\": %lld", job->holds_lane ? job->lane : -1,
		       (long long)(now_ms - job->wanted_ms), (long long)(job->granted_ms ? now_ms - job->granted_ms : 0));
	if ((job = second_of(peer))) {
		buf_add_str(out, ", \"second\": {\"server\": ");
		json_add_string(out, job->server);
		buf_add_format(out, ", \"slot\": %d, \"run_ms\": %lld}", job->lane,
			       (long long)(now_ms - job->granted_ms));
	}
	buf_add_str(out, "}");
}

static void add_job_line(struct buf *out, const struct peer *peer)
{
	const struct feed_job *job = &peer->seen, *second = second_of(peer);
	const char *build = job->build ? job->build->label : "";

	buf_add_format(out, "%6llu  %-10.10s  %-30.30s %24.24s", (unsigned long long)job->id,
		       listing_phase(peer), job->source,
		       job->holds_lane ? job->server : "-");
	if (job->holds_lane)
		buf_add_format(out, "[%d]", job->lane);
	if (second)
		buf_add_format(out, " and %s[%d]", second->server, second->lane);
	if (*build)
		buf_add_format(out, "  %s\n", build);
	else
		buf_add_format(out, "  uid %u\n", job->uid);
}

void listing_jobs(struct buf *out, const struct gateway *gateway, bool json)
{
	int64_t now_ms = clock_now_ms();
	const struct peer *peer = gateway->peers;

	/* new peers are put in front */
	while (peer && peer->next)
		peer = peer->next;
	for (; peer; peer = peer->prev) {
		if (!peer->seen.id)
			continue;
		if (json) {
			listing_add_job(out, peer, now_ms);
			buf_add_str(out, "\n");
		} else {
			add_job_line(out, peer);
		}
	}
}

/* ------------------------------------------------------------------ events */

void listing_add_event(struct buf *out, const struct feed_event *event)
{
	buf_add_format(out, "{\"seq\": %llu, \"event\": \"%s\", \"at_ms\": %lld, \"job\": %llu, \"uid\": %u, \"slot\": %d",
		       (unsigned long long)event->seq, feed_kind_name(event->kind), (long long)event->at_ms,
		       (unsigned long long)event->job, event->uid, event->lane);
	add_pair(out, "file", event->source);
	add_pair(out, "build", event->build);
	add_pair(out, "server", event->server);
	add_pair(out, "reason", event->reason);
	buf_add_format(out, ", \"waited_ms\": %lld, \"run_ms\": %lld}", (long long)event->waited_ms,
		       (long long)event->run_ms);
}

void listing_events(struct buf *out, const struct feed *feed, uint64_t since)
{
	const struct feed_event *event;

	while ((event = feed_next(feed, since))) {
		listing_add_event(out, event);
		buf_add_str(out, "\n");
		since = event->seq;
	}
}

/* ------------------------------------------------------------------ builds */

void listing_add_reasons(struct buf *out, const uint64_t local[REASON_N])
{
	const char *comma = "";

	buf_add_str(out, "{");
	for (int i = 0; i < REASON_N; i++) {
		if (!local[i])
			continue;
		buf_add_format(out, "%s\"%s\": %llu", comma, reason_word(i), (unsigned long long)local[i]);
		comma = ", ";
	}
	buf_add_str(out, "}");
}

/* Events of a build and of all builds have the same kinds; these are worth telling. */
static const enum feed_kind told[] = { FEED_WANTED,    FEED_DONE,     FEED_DENIED,
				       FEED_CANCELLED, FEED_REPLAYED, FEED_LOCAL };
enum { N_TOLD = sizeof(told) / sizeof(told[0]) };

static const char *told_name(enum feed_kind kind)
{
	return kind == FEED_WANTED ? "jobs" : feed_kind_name(kind);
}

void listing_add_build(struct buf *out, const struct feed_build *build)
{
	buf_add_str(out, "{\"build\": ");
	json_add_string(out, build->label);
	buf_add_format(out, ", \"uid\": %u, \"live\": %lld", build->uid,
		       build->n_live + (long long)build->n_elsewhere);
	for (int i = 0; i < N_TOLD; i++)
		buf_add_format(out, ", \"%s\": %llu", told_name(told[i]),
			       (unsigned long long)build->n[told[i]]);
	buf_add_format(out,
		       ", \"run_ms\": %llu, \"first_ms\": %lld, \"last_ms\": %lld, \"reasons\": ",
		       (unsigned long long)build->run_ms, (long long)build->first_ms,
		       (long long)build->last_ms);
	listing_add_reasons(out, build->local);
	buf_add_str(out, "}");
}

static void add_build_text(struct buf *out, const struct feed_build *build)
{
	double span_s = (double)(build->last_ms - build->first_ms) / 1000,
	       run_s = (double)build->run_ms / 1000;

	buf_add_format(out, "build '%s' of uid %u: %.1f s", build->label, build->uid, span_s);
	if (span_s > 0)
		buf_add_format(out, ", %.1f servers at a time", run_s / span_s);
	buf_add_str(out, "\n ");
	for (int i = 0; i < N_TOLD; i++)
		buf_add_format(out, " %llu %s%s", (unsigned long long)build->n[told[i]],
			       told_name(told[i]), i + 1 < N_TOLD ? "," : "\n");
	for (int i = 0; i < REASON_N; i++)
		if (build->local[i])
			buf_add_format(out, "  %6llu local: %-22s %s\n",
				       (unsigned long long)build->local[i], reason_word(i),
				       reason_sentence(i));
}

void listing_builds(struct buf *out, const struct feed *feed, const char *label, bool json)
{
	size_t n_found = 0;

	for (const struct feed_build *build = feed->oldest; build; build = build->next) {
		if (label && !str_equal(build->label, label))
			continue;
		n_found++;
		if (!json) {
			add_build_text(out, build);
			continue;
		}
		listing_add_build(out, build);
		buf_add_str(out, "\n");
	}
	if (!n_found && !json)
		buf_add_format(out, label ? "no build '%s' is known here\n" : "no build is known here\n", label);
}
