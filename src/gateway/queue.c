/* gateway/queue.c - see queue.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/queue.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/str.h"
#include "gateway/weight.h"

enum { TURN = 1024 };

/* What a grant costs by the job's nice: a factor of 1.25 each, as in the kernel's own shares. */
static const unsigned turn_cost[JOB_NICE_MAX + 1] = {
	1024, 1280,  1600,  2000,  2500,  3125,  3906,  4883,  6104,  7629,
	9537, 11921, 14901, 18626, 23283, 29104, 36380, 45475, 56843, 71054,
};

/* Whoever comes anew is not owed what was given out before. */
static void join(struct turn_taker *turns, uint64_t clock)
{
	if (!turns->n_queued && turns->charged < clock)
		turns->charged = clock;
}

static struct owner *owner_get(struct queue *queue, uid_t uid)
{
	struct owner *owner;

	HASH_FIND(hh, queue->owners, &uid, sizeof(uid), owner);
	if (!owner) {
		owner = mem_alloc(sizeof(*owner));
		owner->uid = uid;
		owner->queue = queue;
		HASH_ADD(hh, queue->owners, uid, sizeof(owner->uid), owner);
	}
	return owner;
}

static struct build *build_get(struct owner *owner, const char *wanted)
{
	char label[BUILD_LABEL_MAX + 1] = "";
	struct build *build;

	str_copy(label, sizeof(label), wanted ? wanted : "");
	HASH_FIND_STR(owner->builds, label, build);
	/* Labels are the client's word: beyond a number they are one build. */
	if (!build && HASH_COUNT(owner->builds) >= BUILDS_MAX) {
		label[0] = '\0';
		HASH_FIND_STR(owner->builds, label, build);
	}
	if (!build) {
		build = mem_alloc(sizeof(*build));
		str_copy(build->label, sizeof(build->label), label);
		build->owner = owner;
		HASH_ADD_STR(owner->builds, label, build);
	}
	return build;
}

static void count(struct build *build, const struct job *job, int by)
{
	struct owner *owner = build->owner;

	build->turns.n_queued += (size_t)by;
	owner->turns.n_queued += (size_t)by;
	owner->queue->n_queued += (size_t)by;
	owner->queue->n_impatient += job->impatient ? (size_t)by : 0;
}

/* Where the job belongs. Whoever comes anew, or is not in the queue, is not owed what was given out before. */
static struct build *build_of(struct queue *queue, const struct job *job)
{
	struct owner *owner = owner_get(queue, job->uid);
	struct build *build = build_get(owner, job->label ? job->label : job->session);

	join(&owner->turns, queue->clock);
	join(&build->turns, owner->clock);
	return build;
}

void queue_add(struct queue *queue, struct job *job, bool at_front)
{
	struct build *build = build_of(queue, job);

	if (at_front)
		DL_PREPEND(build->jobs, job);
	else
		DL_APPEND(build->jobs, job);
	job->build = build;
	count(build, job, 1);
}

void queue_remove(struct job *job)
{
	struct build *build = job->build;

	if (!build)
		return;
	DL_DELETE(build->jobs, job);
	job->build = NULL;
	count(build, job, -1);
	/* Empty builds and owners go with queue_forget(): queue_run() may stand on them now. */
}

/* What was charged is remembered until the others have caught up. */
static bool is_forgotten(const struct turn_taker *turns, uint64_t clock, bool nobody_waits)
{
	return !turns->n_queued && (nobody_waits || turns->charged <= clock);
}

void queue_forget(struct queue *queue)
{
	struct owner *owner, *next_owner;
	struct build *build, *next_build;

	HASH_ITER(hh, queue->owners, owner, next_owner) {
		HASH_ITER(hh, owner->builds, build, next_build) {
			if (is_forgotten(&build->turns, owner->clock, !owner->turns.n_queued)) {
				HASH_DEL(owner->builds, build);
				free(build);
			}
		}
		if (!owner->builds && is_forgotten(&owner->turns, queue->clock, !queue->n_queued)) {
			HASH_DEL(queue->owners, owner);
			free(owner);
		}
	}
}

static void charge(struct turn_taker *turns, uint64_t *clock, unsigned cost, uint64_t number)
{
	if (*clock < turns->charged)
		*clock = turns->charged;
	turns->charged += cost;
	turns->served_at = number;
}

/* Twice the weight of the others is twice the turns. A user may set it, so it counts within that user's share. */
static unsigned weigh(unsigned cost, unsigned weight)
{
	uint64_t weighed = (uint64_t)cost * WEIGHT_USUAL / (weight ? weight : WEIGHT_USUAL);

	return weighed < 1 ? 1 : weighed > UINT32_MAX ? UINT32_MAX : (unsigned)weighed;
}

void queue_serve(struct job *job)
{
	struct build *build = job->build;
	struct owner *owner = build->owner;
	unsigned cost = turn_cost[job->nice < 0 ? 0 : job->nice > JOB_NICE_MAX ? JOB_NICE_MAX : job->nice];

	owner->queue->n_served++;
	charge(&owner->turns, &owner->queue->clock, cost, owner->queue->n_served);
	charge(&build->turns, &owner->clock, weigh(cost, job->weight), owner->queue->n_served);
	queue_remove(job);
}

void queue_charge(struct queue *queue, const struct job *job, uint64_t turns)
{
	struct build *build = build_of(queue, job);

	build->owner->turns.charged += turns * TURN;
	build->turns.charged += turns * TURN;
}

static bool goes_before(const struct turn_taker *a, const struct turn_taker *b)
{
	return a->charged != b->charged ? a->charged < b->charged : a->served_at < b->served_at;
}

static bool serve_owner(struct owner *owner, queue_serve_fn *serve, void *context)
{
	for (struct build *build = owner->builds; build; build = build->hh.next)
		build->turns.stuck = !build->turns.n_queued;
	for (;;) {
		struct build *first = NULL;

		for (struct build *build = owner->builds; build; build = build->hh.next)
			if (!build->turns.stuck && (!first || goes_before(&build->turns, &first->turns)))
				first = build;
		if (!first)
			return false;
		if (serve(context, first))
			return true;
		first->turns.stuck = true;
	}
}

void queue_run(struct queue *queue, queue_serve_fn *serve, void *context)
{
	for (struct owner *owner = queue->owners; owner; owner = owner->hh.next)
		owner->turns.stuck = false;
	while (queue->n_queued) {
		struct owner *first = NULL;

		for (struct owner *owner = queue->owners; owner; owner = owner->hh.next)
			if (owner->turns.n_queued && !owner->turns.stuck &&
			    (!first || goes_before(&owner->turns, &first->turns)))
				first = owner;
		if (!first)
			return;
		if (!serve_owner(first, serve, context))
			first->turns.stuck = true;
	}
}
