/* gateway/feed.c - see feed.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

enum {
	LANE_SETS_MAX = 4096,		/* servers that come and go by zeroconf must not add up */
	LANE_WORDS_MAX = 64,
	FORGET_TRIES = 8
};

static const char *const kind_names[FEED_N_KINDS] = {
	[FEED_WANTED] = "wanted",     [FEED_QUEUED] = "queued",       [FEED_GRANTED] = "granted",
	[FEED_REPLAYED] = "replayed", [FEED_SECOND] = "second",       [FEED_ABANDONED] = "abandoned",
	[FEED_DONE] = "done",         [FEED_DENIED] = "denied",       [FEED_CANCELLED] = "cancelled",
	[FEED_LOCAL] = "local",
};

const char *feed_kind_name(enum feed_kind kind)
{
	return kind_names[kind];
}

void feed_init(struct feed *feed)
{
	memset(feed, 0, sizeof(*feed));
	feed->events = mem_array(FEED_EVENTS_MAX, sizeof(*feed->events));
}

static void forget_build(struct feed *feed, struct feed_build *build)
{
	HASH_DELETE(hh, feed->builds, build);
	DL_DELETE(feed->oldest, build);
	free(build);
}

void feed_release(struct feed *feed)
{
	struct feed_lane_set *set, *next;

	while (feed->oldest)
		forget_build(feed, feed->oldest);
	HASH_ITER(hh, feed->lanes, set, next) {
		HASH_DELETE(hh, feed->lanes, set);
		free(set->taken);
		free(set);
	}
	free(feed->events);
	feed->events = NULL;
}

/* ------------------------------------------------------------------ builds */

/* Room for one more; false when those that were silent longest all have jobs. */
static bool make_room(struct feed *feed)
{
	if (HASH_COUNT(feed->builds) < FEED_BUILDS_MAX)
		return true;
	for (int i = 0; i < FORGET_TRIES; i++) {
		struct feed_build *build = feed->oldest;

		if (!build->n_live) {
			forget_build(feed, build);
			return true;
		}
		DL_DELETE(feed->oldest, build);
		DL_APPEND(feed->oldest, build);
	}
	return false;
}

struct feed_build *feed_build_get(struct feed *feed, uid_t uid, const char *label, int64_t now_ms)
{
	char cut[FEED_LABEL_MAX], key[FEED_LABEL_MAX + 16];
	struct feed_build *build;

	str_copy(cut, sizeof(cut), label ? label : "");
	/* a word of lines (tally.h) */
	for (char *at = cut; *at; at++)
		if (*at == '\t' || *at == '\n')
			*at = ' ';
	snprintf(key, sizeof(key), "%u %s", (unsigned)uid, cut);
	HASH_FIND_STR(feed->builds, key, build);
	if (build) {
		DL_DELETE(feed->oldest, build);
		DL_APPEND(feed->oldest, build);
		return build;
	}
	if (!make_room(feed))
		return NULL;
	build = mem_alloc(sizeof(*build));
	str_copy(build->key, sizeof(build->key), key);
	str_copy(build->label, sizeof(build->label), cut);
	build->uid = uid;
	build->first_ms = now_ms;
	HASH_ADD_STR(feed->builds, key, build);
	DL_APPEND(feed->oldest, build);
	return build;
}

/* ------------------------------------------------------------------ slots of servers */

static struct feed_lane_set *find_lanes(struct feed *feed, const char *server)
{
	struct feed_lane_set *set;

	HASH_FIND_STR(feed->lanes, server, set);
	return set;
}

/* The lowest slot that is free. */
static int take_lane(struct feed *feed, const char *server)
{
	struct feed_lane_set *set = find_lanes(feed, server);
	size_t word = 0;
	int bit = 0;

	if (!set) {
		if (HASH_COUNT(feed->lanes) == LANE_SETS_MAX)
			return -1;
		set = mem_alloc(sizeof(*set));
		str_copy(set->server, sizeof(set->server), server);
		HASH_ADD_STR(feed->lanes, server, set);
	}
	while (word < set->n_words && set->taken[word] == UINT64_MAX)
		word++;
	if (word == LANE_WORDS_MAX)
		return -1;
	if (word == set->n_words) {
		set->taken = mem_resize(set->taken, ++set->n_words, sizeof(*set->taken));
		set->taken[word] = 0;
	}
	while (set->taken[word] >> bit & 1)
		bit++;
	set->taken[word] |= (uint64_t)1 << bit;
	return (int)word * 64 + bit;
}

void feed_job_left(struct feed *feed, struct feed_job *job)
{
	struct feed_lane_set *set = job->holds_lane ? find_lanes(feed, job->server) : NULL;

	if (set)
		set->taken[job->lane / 64] &= ~((uint64_t)1 << job->lane % 64);
	job->holds_lane = false;
}

/* ------------------------------------------------------------------ events */

static struct feed_event *new_event(struct feed *feed, enum feed_kind kind, int64_t now_ms)
{
	struct feed_event *event = &feed->events[++feed->last_seq % FEED_EVENTS_MAX];

	*event = (struct feed_event){ .seq = feed->last_seq, .kind = kind, .at_ms = now_ms, .lane = -1 };
	feed->n[kind]++;
	return event;
}

static struct feed_event *job_event(struct feed *feed, const struct feed_job *job,
				    enum feed_kind kind, int64_t now_ms)
{
	struct feed_event *event = new_event(feed, kind, now_ms);

	event->job = job->id;
	event->uid = job->uid;
	event->lane = job->lane;
	str_copy(event->source, sizeof(event->source), job->source);
	str_copy(event->server, sizeof(event->server), job->server);
	if (job->build) {
		str_copy(event->build, sizeof(event->build), job->build->label);
		job->build->n[kind]++;
		job->build->last_ms = now_ms;
	}
	if (job->granted_ms)
		event->waited_ms = job->granted_ms - job->queued_ms;
	return event;
}

/* Was this step counted by a gateway that we replace? Says yes once. */
static bool was_counted(struct feed_job *job, enum feed_kind kind)
{
	bool counted = job->counted >> kind & 1;

	job->counted &= ~(1U << kind);
	return counted;
}

void feed_job_wanted(struct feed *feed, struct feed_job *job, uid_t uid, pid_t pid,
		     const char *build, const char *source,
		     const char *compiler, int64_t now_ms)
{
	*job = (struct feed_job){ .id = job->resumes ? job->resumes : ++feed->last_id, .counted = job->counted,
				  .waited_ms = job->waited_ms, .uid = uid, .pid = pid, .lane = -1,
					  .wanted_ms = now_ms };
	str_copy(job->source, sizeof(job->source), source ? path_base(source) : "");
	str_copy(job->compiler, sizeof(job->compiler), compiler ? compiler : "");
	job->build = feed_build_get(feed, uid, build, now_ms);
	if (job->build)
		job->build->n_live++;
	if (!was_counted(job, FEED_WANTED)) {
		job_event(feed, job, FEED_WANTED, now_ms);
		return;
	}
	feed->n_elsewhere--;
	if (job->build)
		job->build->n_elsewhere--;
}

void feed_job_queued(struct feed *feed, struct feed_job *job, int64_t now_ms)
{
	job->queued_ms = now_ms - job->waited_ms;
	job->waited_ms = 0;
	if (!was_counted(job, FEED_QUEUED))
		job_event(feed, job, FEED_QUEUED, now_ms);
}

static void begin_attempt(struct feed *feed, struct feed_job *job, const char *server, int64_t now_ms)
{
	feed_job_left(feed, job);
	str_copy(job->server, sizeof(job->server), server);
	job->lane = take_lane(feed, job->server);
	job->holds_lane = job->lane >= 0;
	job->granted_ms = now_ms;
	job->n_grants++;
}

void feed_job_granted(struct feed *feed, struct feed_job *job, const char *server, int64_t now_ms)
{
	begin_attempt(feed, job, server, now_ms);
	if (was_counted(job, FEED_GRANTED))
		return;
	feed->wait_ms += (uint64_t)(now_ms - job->queued_ms);
	job_event(feed, job, FEED_GRANTED, now_ms);
}

/* The end of an attempt, well or ill. */
static struct feed_event *attempt_event(struct feed *feed, struct feed_job *job,
					enum feed_kind kind, int64_t now_ms)
{
	struct feed_event *event = job_event(feed, job, kind, now_ms);

	event->run_ms = job->granted_ms ? now_ms - job->granted_ms : 0;
	feed_job_left(feed, job);
	return event;
}

void feed_job_replayed(struct feed *feed, struct feed_job *job, const char *reason, int64_t now_ms)
{
	struct feed_event *event = attempt_event(feed, job, FEED_REPLAYED, now_ms);

	str_copy(event->reason, sizeof(event->reason), reason);
	job->granted_ms = 0;
	job->queued_ms = now_ms;
}

void feed_job_tried_again(struct feed *feed, struct feed_job *job, struct feed_job *second, const char *server,
			  int64_t now_ms)
{
	*second = *job;
	second->holds_lane = false;
	begin_attempt(feed, second, server, now_ms);
	/* the job waited for its first grant only */
	second->queued_ms = now_ms - (job->granted_ms - job->queued_ms);
	job->n_grants = second->n_grants;
	job_event(feed, second, FEED_SECOND, now_ms);
}

void feed_attempt_abandoned(struct feed *feed, struct feed_job *attempt, const char *reason, int64_t now_ms)
{
	struct feed_event *event;

	if (!attempt->id)
		return;
	event = attempt_event(feed, attempt, FEED_ABANDONED, now_ms);
	str_copy(event->reason, sizeof(event->reason), reason);
}

void feed_job_promote(struct feed_job *job, struct feed_job *second)
{
	if (!second->id)
		return;
	*job = *second;
	second->id = 0;
	second->holds_lane = false;
}

void feed_job_ended(struct feed *feed, struct feed_job *job, enum feed_kind kind,
		    const char *reason, int64_t now_ms)
{
	struct feed_event *event;

	if (!job->id)
		return;
	event = attempt_event(feed, job, kind, now_ms);
	str_copy(event->reason, sizeof(event->reason), reason ? reason : "");
	if (kind == FEED_DONE)
		feed->run_ms += (uint64_t)event->run_ms;
	if (job->build) {
		job->build->run_ms += kind == FEED_DONE ? (uint64_t)event->run_ms : 0;
		job->build->n_live--;
	}
	job->build = NULL;
	job->id = 0;
}

void feed_job_moved(struct feed *feed, struct feed_job *job)
{
	if (!job->id)
		return;
	feed_job_left(feed, job);
	if (job->build)
		job->build->n_live--;
	job->build = NULL;
	job->id = 0;
}

void feed_continue(struct feed *feed, uint64_t last_id, uint64_t last_seq)
{
	feed->last_id = last_id;
	feed->last_seq = last_seq;
	feed->first_seq = last_seq + 1;
}

void feed_local(struct feed *feed, uid_t uid, const char *label, const char *source,
		const char *reason, int64_t run_ms,
		int64_t now_ms)
{
	struct feed_build *build = feed_build_get(feed, uid, label, now_ms);
	struct feed_event *event = new_event(feed, FEED_LOCAL, now_ms);
	int at = reason_find(reason);

	feed->local[at]++;
	event->uid = uid;
	event->run_ms = run_ms;
	str_copy(event->source, sizeof(event->source), source ? path_base(source) : "");
	str_copy(event->reason, sizeof(event->reason), reason_word(at));
	if (!build)
		return;
	str_copy(event->build, sizeof(event->build), build->label);
	build->n[FEED_LOCAL]++;
	build->local[at]++;
	build->last_ms = now_ms;
}

const struct feed_event *feed_next(const struct feed *feed, uint64_t seq)
{
	uint64_t next = seq + 1;

	if (seq >= feed->last_seq)
		return NULL;
	if (feed->last_seq >= FEED_EVENTS_MAX && next <= feed->last_seq - FEED_EVENTS_MAX)
		next = feed->last_seq - FEED_EVENTS_MAX + 1;
	if (next < feed->first_seq)
		next = feed->first_seq;
	return next > feed->last_seq ? NULL : &feed->events[next % FEED_EVENTS_MAX];
}
