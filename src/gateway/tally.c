/* gateway/tally.c - see tally.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/tally.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum { ABSENT_MAX = 65536 };		/* bytes kept for servers that may never come */
/* more than any number of jobs: sums of them have a sign */
static const uint64_t jobs_max = (uint64_t)1 << 48;

struct entry {
	const char *name;
	size_t at;			/* of a uint64_t in the struct that has it */
};

#define COUNTER(name) { #name, offsetof(struct gateway, counters.name) }
static const struct entry counts[] = {
	{ "wait-ms", offsetof(struct gateway, feed.wait_ms) }, { "run-ms", offsetof(struct gateway, feed.run_ms) },
	COUNTER(accepted), COUNTER(lease_jobs), COUNTER(raw_jobs), COUNTER(socks_jobs),
		COUNTER(relayed), COUNTER(passed),
	COUNTER(replayed), COUNTER(denied), COUNTER(not_admitted), COUNTER(protocol_errors),
		COUNTER(timeouts),
	COUNTER(foreign_destinations), COUNTER(refused_descriptors), COUNTER(moved),
		COUNTER(over_quota), COUNTER(overtaken), COUNTER(bytes_in),
			COUNTER(bytes_out),
	{ "here-compiles", offsetof(struct gateway, schedule.places[PLACE_COMPILE].n_granted) },
	{ "here-cpps", offsetof(struct gateway, schedule.places[PLACE_CPP].n_granted) },
	{ "here-compiles-overbooked", offsetof(struct gateway, schedule.places[PLACE_COMPILE].n_overbooked) },
	{ "here-cpps-overbooked", offsetof(struct gateway, schedule.places[PLACE_CPP].n_overbooked) },
	{ NULL, 0 },
};
static const struct entry server_counts[] = {
	{ "done", offsetof(struct server, n_done) }, { "failed", offsetof(struct server, n_failed) }, { NULL, 0 },
};
static const struct entry build_counts[] = { { "run-ms", offsetof(struct feed_build, run_ms) }, { NULL, 0 } };

/* ------------------------------------------------------------------ giving */

static void give_one(struct buf *out, const char *scope, const char *kind, const char *name, uint64_t *value)
{
	if (*value)
		buf_add_format(out, "%s\t%s%s\t%llu\n", scope, kind, name, (unsigned long long)*value);
	*value = 0;
}

static void give_entries(struct buf *out, const char *scope, const struct entry *entries, void *object)
{
	for (; entries->name; entries++)
		give_one(out, scope, "", entries->name, (uint64_t *)(void *)((char *)object + entries->at));
}

static void give_feed(struct buf *out, const char *scope, uint64_t n[FEED_N_KINDS], uint64_t local[REASON_N])
{
	for (int i = 0; i < FEED_N_KINDS; i++)
		give_one(out, scope, "jobs-", feed_kind_name((enum feed_kind)i), &n[i]);
	for (int i = 0; i < REASON_N; i++)
		give_one(out, scope, "local-", reason_word(i), &local[i]);
}

void tally_give(struct gateway *gateway, struct buf *out)
{
	give_feed(out, "count", gateway->feed.n, gateway->feed.local);
	give_entries(out, "count", counts, gateway);
	for (size_t i = 0; i < gateway->n_servers; i++) {
		autofree char *scope = str_format("server\t%s", gateway->servers[i]->label);

		give_entries(out, scope, server_counts, gateway->servers[i]);
	}
	buf_add(out, gateway->absent.data ? gateway->absent.data : "", gateway->absent.len);
	buf_clear(&gateway->absent);
	for (struct feed_build *build = gateway->feed.oldest; build; build = build->next) {
		autofree char *scope = str_format("build\t%u\t%s", build->uid, build->label);
		size_t before = out->len;

		give_feed(out, scope, build->n, build->local);
		give_entries(out, scope, build_counts, build);
		/* times are no sums: the other end keeps the first and the last */
		if (out->len > before)
			buf_add_format(out, "%s\tfirst-ms\t%lld\n%s\tlast-ms\t%lld\n", scope,
				       (long long)build->first_ms, scope,
				       (long long)build->last_ms);
	}
}

static void give_estimate(struct buf *out, const char *scope, const struct estimate *estimate)
{
	if (estimate->n)
		buf_add_format(out,
			       "%s\tusual-us\t%.0f\n%s\tusual-bytes\t%.0f\n%s\tusual-jobs\t%u\n",
			       scope, estimate->ms * 1000, scope, estimate->bytes, scope,
			       estimate->n);
}

void tally_give_experience(const struct gateway *gateway, struct buf *out)
{
	give_estimate(out, "here", &gateway->schedule.here);
	for (size_t i = 0; i < gateway->n_servers; i++) {
		autofree char *scope = str_format("server\t%s", gateway->servers[i]->label);

		/* old news are forgotten over there when they would be here */
		if (gateway->servers[i]->answered_at_ms)
			buf_add_format(out, "%s\tanswered-ms\t%lld\n", scope,
				       (long long)gateway->servers[i]->answered_at_ms);
		give_estimate(out, scope, &gateway->servers[i]->service);
		/* the number of failures comes last */
		if (gateway->servers[i]->breaker.failures)
			buf_add_format(out, "%s\topen-until-ms\t%lld\n%s\tfailures\t%u\n", scope,
				       (long long)gateway->servers[i]->breaker.open_until_ms, scope,
				       gateway->servers[i]->breaker.failures);
		if (gateway->servers[i]->capacity.settled != gateway->servers[i]->capacity.first)
			buf_add_format(out, "%s\tslots\t%d\n", scope, gateway->servers[i]->capacity.settled);
	}
}

/* ------------------------------------------------------------------ taking */

/* The number of jobs comes last: from then on we know for ourselves. */
static bool take_estimate(struct estimate *estimate, const char *name, uint64_t value)
{
	if (strcmp(name, "usual-us") == 0)
		estimate->ms = estimate->n ? estimate->ms : (double)value / 1000;
	else if (strcmp(name, "usual-bytes") == 0)
		estimate->bytes = estimate->n ? estimate->bytes : (double)value;
	else if (strcmp(name, "usual-jobs") == 0)
		estimate->n = estimate->n ? estimate->n : value < ESTIMATE_SURE ? (unsigned)value : ESTIMATE_SURE;
	else
		return false;
	return true;
}

static bool take_entry(const struct entry *entries, void *object, const char *name, uint64_t value)
{
	for (; entries->name; entries++) {
		if (strcmp(entries->name, name) != 0)
			continue;
		*(uint64_t *)(void *)((char *)object + entries->at) += value;
		return true;
	}
	return false;
}

/* Over there every job that was wanted ends, too. */
static int64_t change_of_live(enum feed_kind kind, uint64_t value)
{
	return kind == FEED_WANTED ? (int64_t)value :
	       kind == FEED_DONE || kind == FEED_DENIED || kind == FEED_CANCELLED ? -(int64_t)value : 0;
}

static bool take_feed(uint64_t n[FEED_N_KINDS], uint64_t local[REASON_N], int64_t *n_elsewhere,
		      const char *name, uint64_t value)
{
	if (str_starts_with(name, "local-")) {
		local[reason_find(name + strlen("local-"))] += value;
		return true;
	}
	for (int i = 0; i < FEED_N_KINDS; i++) {
		if (!str_starts_with(name, "jobs-") ||
		    strcmp(name + strlen("jobs-"), feed_kind_name((enum feed_kind)i)) != 0)
			continue;
		if (value > jobs_max)
			return true;
		n[i] += value;
		*n_elsewhere += change_of_live((enum feed_kind)i, value);
		return true;
	}
	return false;
}

/* A point in time that was, or 0. */
static int64_t past(uint64_t at_ms)
{
	return at_ms <= (uint64_t)clock_now_ms() ? (int64_t)at_ms : 0;
}

static void take_build(struct feed_build *build, const char *name, uint64_t value)
{
	int64_t at_ms = past(value);

	if (strcmp(name, "first-ms") == 0)
		build->first_ms = at_ms && at_ms < build->first_ms ? at_ms : build->first_ms;
	else if (strcmp(name, "last-ms") == 0)
		build->last_ms = at_ms > build->last_ms ? at_ms : build->last_ms;
	else if (!take_feed(build->n, build->local, &build->n_elsewhere, name, value))
		take_entry(build_counts, build, name, value);
}

static void take_server(struct server *server, const char *name, uint64_t value)
{
	int64_t now_ms = clock_now_ms();

	if (strcmp(name, "open-until-ms") == 0)
		breaker_told_pause(&server->breaker, (int64_t)value, now_ms);
	else if (strcmp(name, "failures") == 0)
		breaker_told_failures(&server->breaker, (unsigned)value);
	else if (strcmp(name, "answered-ms") == 0)
		server->answered_at_ms = server->answered_at_ms ? server->answered_at_ms : past(value);
	else if (strcmp(name, "slots") == 0)
		capacity_continue(&server->capacity, value <= CAPACITY_MAX ? (int)value : 0, now_ms);
	else if (!take_estimate(&server->service, name, value))
		take_entry(server_counts, server, name, value);
}

static void take_line(struct gateway *gateway, char *line)
{
	enum { WORDS_MAX = 5 };
	char *words[WORDS_MAX];
	size_t n = 0;
	const char *name;
	uint64_t value;

	for (char *word; n < WORDS_MAX && (word = strsep(&line, "\t"));)
		words[n++] = word;
	if (n < 3)
		return;
	name = words[n - 2];
	value = strtoull(words[n - 1], NULL, 10);
	if (n == 3 && strcmp(words[0], "count") == 0) {
		if (!take_feed(gateway->feed.n, gateway->feed.local, &gateway->feed.n_elsewhere, name, value))
			take_entry(counts, gateway, name, value);
	} else if (n == 3 && strcmp(words[0], "here") == 0) {
		take_estimate(&gateway->schedule.here, name, value);
	} else if (n == 4 && strcmp(words[0], "server") == 0) {
		struct server *server = server_find(gateway->servers, gateway->n_servers, words[1]);

		if (server)
			take_server(server, name, value);
		else if (gateway->absent.len < ABSENT_MAX)
			buf_add_format(&gateway->absent, "server\t%s\t%s\t%llu\n", words[1], name,
				       (unsigned long long)value);
	} else if (n == 5 && strcmp(words[0], "build") == 0) {
		struct feed_build *build = feed_build_get(&gateway->feed,
							  (uid_t)strtoul(words[1], NULL, 10),
							  words[2], clock_now_ms());

		if (build)
			take_build(build, name, value);
	}
}

void tally_take(struct gateway *gateway, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		take_line(gateway, line);
}

void tally_server_added(struct gateway *gateway)
{
	autobuf kept = gateway->absent;

	gateway->absent = (struct buf)BUF_INIT;
	if (kept.len)
		tally_take(gateway, kept.data);
}

/* Nothing more will be heard of them. A predecessor may have said that more ended than ever began. */
static void cancel(uint64_t n[FEED_N_KINDS], int64_t *n_elsewhere)
{
	if (*n_elsewhere > 0)
		n[FEED_CANCELLED] += (uint64_t)*n_elsewhere;
	*n_elsewhere = 0;
}

void tally_close(struct gateway *gateway)
{
	for (struct feed_build *build = gateway->feed.oldest; build; build = build->next)
		cancel(build->n, &build->n_elsewhere);
	cancel(gateway->feed.n, &gateway->feed.n_elsewhere);
}
