/* gateway/schedule.c - see schedule.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/str.h"
#include "gateway/weight.h"

enum { TURN = 1024, ALIKE_MAX = 16 };

/* What a grant costs by the job's nice: a factor of 1.25 each, as in the kernel's own shares. */
static const unsigned turn_cost[JOB_NICE_MAX + 1] = {
	1024, 1280,  1600,  2000,  2500,  3125,  3906,  4883,  6104,  7629,
	9537, 11921, 14901, 18626, 23283, 29104, 36380, 45475, 56843, 71054,
};

bool job_is_queued(const struct job *job)
{
	return job->build != NULL;
}

const char *job_toolchain(const struct job *job)
{
	return job->toolchain ? job->toolchain : job->compiler ? job->compiler : "";
}

void job_wish(const struct job *job, struct pick_wish *wish)
{
	*wish = (struct pick_wish){
		.toolchain = job_toolchain(job), .use = job->use, .protocol_min = job->protocol_min,
			.protocol_max = job->protocol_max,
		.size = job->size, .preferred = job->preferred, .tried = job->tried, .n_tried = job->n_tried,
	};
}

void job_release(struct job *job)
{
	free(job->compiler);
	free(job->source);
	free(job->use);
	free(job->object);
	free(job->toolchain);
	free(job->label);
	free(job->session);
	memset(job, 0, sizeof(*job));
}

/* ------------------------------------------------------------------ the queues */

static struct queue *queue_of(struct schedule *schedule, const struct job *job)
{
	switch (job->kind) {
	case JOB_COMPILE:
		return &schedule->queues[QUEUE_FARM];
	case JOB_CPP:
		return &schedule->queues[QUEUE_PLACES + PLACE_CPP];
	default:
		return &schedule->queues[QUEUE_PLACES + PLACE_COMPILE];
	}
}

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

static void count(struct schedule *schedule, struct build *build, const struct job *job, int by)
{
	struct owner *owner = build->owner;

	build->turns.n_queued += (size_t)by;
	owner->turns.n_queued += (size_t)by;
	owner->queue->n_queued += (size_t)by;
	owner->queue->n_impatient += job->impatient ? (size_t)by : 0;
	schedule->n_queued += (size_t)by;
}

void schedule_add(struct schedule *schedule, struct job *job, bool at_front, int64_t now_ms)
{
	struct owner *owner = owner_get(queue_of(schedule, job), job->uid);
	struct build *build = build_get(owner, job->label ? job->label : job->session);

	join(&owner->turns, owner->queue->clock);
	join(&build->turns, owner->clock);
	if (at_front)
		DL_PREPEND(build->jobs, job);
	else
		DL_APPEND(build->jobs, job);
	job->build = build;
	job->queued_at_ms = now_ms;
	job->held_since_ms = 0;
	if (job->kind == JOB_COMPILE && !at_front)
		demand_arrived(&schedule->demand, now_ms);
	count(schedule, build, job, 1);
}

void schedule_remove(struct schedule *schedule, struct job *job)
{
	struct build *build = job->build;

	if (!build)
		return;
	DL_DELETE(build->jobs, job);
	job->build = NULL;
	count(schedule, build, job, -1);
	/* Empty builds and owners go at the end of schedule_run(): it may stand on them now. */
}

/* What was charged is remembered until the others have caught up. */
static bool is_forgotten(const struct turn_taker *turns, uint64_t clock, bool nobody_waits)
{
	return !turns->n_queued && (nobody_waits || turns->charged <= clock);
}

static void forget(struct queue *queue)
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

/* ------------------------------------------------------------------ one pass over all that is free */

struct pass {
	struct schedule *schedule;
	struct server *const *servers;
	size_t n_servers;
	int64_t now_ms;
	/* jobs that could not move; still queued, so their fields are good */
	const struct job *alike[ALIKE_MAX];
	size_t n_alike;
	bool farm_is_full;		/* no server has a slot for anybody */
};

static void wake_at(struct schedule *schedule, int64_t at_ms)
{
	if (!schedule->wake_at_ms || at_ms < schedule->wake_at_ms)
		schedule->wake_at_ms = at_ms;
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

/* Takes it out of the queue, at its owner's and its build's cost. */
static void serve(struct schedule *schedule, struct job *job)
{
	struct build *build = job->build;
	struct owner *owner = build->owner;
	unsigned cost = turn_cost[job->nice < 0 ? 0 : job->nice > JOB_NICE_MAX ? JOB_NICE_MAX : job->nice];

	schedule->n_served++;
	charge(&owner->turns, &owner->queue->clock, cost, schedule->n_served);
	charge(&build->turns, &owner->clock, weigh(cost, job->weight), schedule->n_served);
	schedule_remove(schedule, job);
}

void schedule_charge(struct schedule *schedule, const struct job *job, int64_t held_ms, double usual_ms)
{
	struct owner *owner = owner_get(queue_of(schedule, job), job->uid);
	struct build *build = build_get(owner, job->label ? job->label : job->session);
	double each_ms = usual_ms <= 0 || usual_ms > CHARGED_MS_MAX ? CHARGED_MS_MAX : usual_ms < CHARGED_MS_MIN ? CHARGED_MS_MIN : usual_ms;
	uint64_t turns = held_ms > 0 ? (uint64_t)((double)held_ms / each_ms) : 0;

	/* Whoever is not in the queue may be behind the others: that is not what is paid with. */
	join(&owner->turns, owner->queue->clock);
	join(&build->turns, owner->clock);
	owner->turns.charged += turns * TURN;
	build->turns.charged += turns * TURN;
}

/* ------------------------------------------------------------------ places on this machine */

static bool place_is_free(const struct place_pool *pool)
{
	return pool->busy - pool->stopped < pool->slots;
}

static void take_place(struct pass *pass, struct job *job, enum place place)
{
	struct place_pool *pool = &pass->schedule->places[place];

	pool->busy++;
	pool->n_granted++;
	pool->moved_at_ms = pass->now_ms;
	pass->schedule->farm_here_busy += job->kind == JOB_COMPILE;
	serve(pass->schedule, job);
	job->on_place(job, place);
}

/* A courtesy, never a trap: when nothing has moved for long, one is let in although all is full. */
static bool may_overbook(struct pass *pass, const struct job *job, struct place_pool *pool)
{
	int64_t since = job->queued_at_ms > pool->moved_at_ms ? job->queued_at_ms : pool->moved_at_ms;

	if (pass->now_ms - since < PLACE_STUCK_MS) {
		wake_at(pass->schedule, since + PLACE_STUCK_MS);
		wake_at(pass->schedule, pass->now_ms + PLACE_LOOK_MS);
		return false;
	}
	pool->n_overbooked++;
	return true;
}

static bool serve_place(struct pass *pass, struct job *job)
{
	enum place place = job->kind == JOB_CPP ? PLACE_CPP : PLACE_COMPILE;
	struct place_pool *pool = &pass->schedule->places[place];

	if (!place_is_free(pool) && !may_overbook(pass, job, pool))
		return false;
	take_place(pass, job, place);
	return true;
}

size_t schedule_n_waiting_here(const struct schedule *schedule)
{
	size_t n = 0;

	for (int place = 0; place < PLACE_N; place++)
		n += schedule->queues[QUEUE_PLACES + place].n_queued;
	return n;
}

void schedule_place_take(struct schedule *schedule, enum place place, bool from_farm)
{
	schedule->places[place].busy++;
	schedule->farm_here_busy += from_farm;
}

void schedule_place_free(struct schedule *schedule, enum place place, bool from_farm, int64_t now_ms)
{
	struct place_pool *pool = &schedule->places[place];

	pool->busy--;
	pool->moved_at_ms = now_ms;
	if (pool->stopped > pool->busy)
		pool->stopped = pool->busy;
	schedule->farm_here_busy -= from_farm;
}

/* ------------------------------------------------------------------ servers */

static const char *denial(enum pick_result result, const char **text)
{
	switch (result) {
	case PICK_NO_SERVER:
		*text = "no server of the list fits: see the gateway's host list, \",hosts=\" and the protocol";
		return "no-server";
	case PICK_ALL_DOWN:
		*text = "no server can be reached at the moment: see distcc-gateway --status";
		return "servers-down";
	default:
		*text = "each server that fits has failed or refused this job: see distcc-gateway --status";
		return "servers-tried";
	}
}

/* May it run here at all, now or later? "localhost" in the host list invites it. */
static bool may_run_here(const struct schedule *schedule, const struct job *job)
{
	return job->allow_here && schedule->farm_here_slots > 0 &&
	       (!job->use || pick_is_named(job->use, "localhost"));
}

/* Would it be done sooner here than by waiting for a server? Those that must run here go first. */
static bool is_sooner_here(const struct schedule *schedule, const struct job *job, const struct pick *pick)
{
	double here_ms = estimate_ms(&schedule->here, job->size);

	if (schedule->farm_here_busy >= schedule->farm_here_slots ||
	    !place_is_free(&schedule->places[PLACE_COMPILE]) ||
	    schedule->queues[QUEUE_PLACES + PLACE_COMPILE].n_queued)
		return false;
	if (here_ms == 0)
		here_ms = pick->usual_ms;
	return pick->result != PICK_WAIT || pick->expected_ms == 0 || here_ms < pick->expected_ms;
}

/* A server that it waits for may fail to come free as expected: the wait has an end. */
static bool has_waited_enough(struct pass *pass, struct job *job, const struct pick *pick)
{
	int64_t bound_ms = (int64_t)(pick->expected_ms * 2) + 1;

	if (!job->held_since_ms)
		job->held_since_ms = pass->now_ms;
	if (pass->now_ms - job->held_since_ms >= bound_ms)
		return true;
	wake_at(pass->schedule, job->held_since_ms + bound_ms);
	return false;
}

static struct pick pick_for(struct pass *pass, struct job *job)
{
	struct demand *demand = &pass->schedule->demand;
	struct pick_wish wish;
	struct pick pick;

	job_wish(job, &wish);
	demand->n_queued = pass->schedule->queues[QUEUE_FARM].n_queued;
	pick = pick_server(&wish, pass->servers, pass->n_servers, demand, pass->now_ms);
	if (pick.result == PICK_WAIT && pick.slot_is_free && has_waited_enough(pass, job, &pick))
		pick = pick_server(&wish, pass->servers, pass->n_servers, NULL, pass->now_ms);
	return pick;
}

static bool any_room(const struct pass *pass)
{
	for (size_t i = 0; i < pass->n_servers; i++)
		if (server_has_room(pass->servers[i], pass->now_ms) &&
		    breaker_lets_through(&pass->servers[i]->breaker, pass->now_ms))
			return true;
	return false;
}

void schedule_take_slot(struct schedule *schedule, const struct job *job, struct server *server,
			int64_t now_ms)
{
	server->in_flight++;
	server->granted_at = ++schedule->n_taken;
	server_note_grant(server, job_toolchain(job), now_ms);
}

/* Grants, denies or passes over one job; true if it left the queue. */
static bool serve_farm(struct pass *pass, struct job *job)
{
	struct pick pick = pick_for(pass, job);
	bool here = may_run_here(pass->schedule, job);
	const char *reason, *text;

	if (pick.result != PICK_FOUND && here && is_sooner_here(pass->schedule, job, &pick)) {
		take_place(pass, job, PLACE_COMPILE);
		return true;
	}
	if (pick.result == PICK_WAIT || (pick.result != PICK_FOUND && here)) {
		pass->farm_is_full = !any_room(pass);
		return false;
	}
	serve(pass->schedule, job);
	if (pick.result == PICK_FOUND) {
		schedule_take_slot(pass->schedule, job, pick.server, pass->now_ms);
		job->is_probe = breaker_on_start(&pick.server->breaker, pass->now_ms);
		job->on_grant(job, pick.server, pick.protocol);
	} else {
		reason = denial(pick.result, &text);
		job->on_deny(job, reason, text);
	}
	return true;
}

/* ------------------------------------------------------------------ in what order */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* What one of them could not get the other cannot get either. */
static bool are_alike(const struct job *a, const struct job *b)
{
	return a->kind == b->kind && !a->n_tried && !b->n_tried &&
	       a->protocol_min == b->protocol_min && a->protocol_max == b->protocol_max &&
	       a->allow_here == b->allow_here && same_text(a->use, b->use) &&
	       same_text(job_toolchain(a), job_toolchain(b));
}

static bool is_hopeless(const struct pass *pass, const struct job *job)
{
	for (size_t i = 0; i < pass->n_alike; i++)
		if (are_alike(pass->alike[i], job))
			return true;
	return false;
}

/* The first job of a build that can move: one that waits for a special server holds up nobody. A full
 * farm is not searched: a queue of thousands would be walked for each of them. */
static bool serve_build(struct pass *pass, struct build *build)
{
	struct job *job = build->jobs;

	if (job && job->kind != JOB_COMPILE)
		return serve_place(pass, job);
	for (; job && !pass->farm_is_full; job = job->next) {
		if (is_hopeless(pass, job))
			continue;
		if (serve_farm(pass, job))
			return true;
		if (pass->n_alike < ALIKE_MAX && !job->n_tried)
			pass->alike[pass->n_alike++] = job;
	}
	return false;
}

static bool goes_before(const struct turn_taker *a, const struct turn_taker *b)
{
	return a->charged != b->charged ? a->charged < b->charged : a->served_at < b->served_at;
}

static bool serve_owner(struct pass *pass, struct owner *owner)
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
		if (serve_build(pass, first))
			return true;
		first->turns.stuck = true;
	}
}

static void serve_queue(struct pass *pass, struct queue *queue)
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
		if (!serve_owner(pass, first))
			first->turns.stuck = true;
	}
}

/* Those that cannot be told to wait, before their patience ends. */
static void serve_urgent(struct pass *pass, struct queue *queue)
{
	for (struct owner *owner = queue->owners; queue->n_impatient && owner; owner = owner->hh.next) {
		for (struct build *build = owner->builds; build; build = build->hh.next) {
			struct job *next;

			for (struct job *job = build->jobs; job; job = next) {
				next = job->next;
				if (job->impatient && pass->now_ms - job->queued_at_ms >= JOB_URGENT_MS)
					serve_farm(pass, job);
			}
		}
	}
}

/* Those who wait may get a server that failed, when its pause is over. */
static void wake_for_probes(struct pass *pass)
{
	for (size_t i = 0; pass->schedule->queues[QUEUE_FARM].n_queued && i < pass->n_servers; i++)
		if (breaker_state(&pass->servers[i]->breaker, pass->now_ms) == BREAKER_OPEN)
			wake_at(pass->schedule, pass->servers[i]->breaker.open_until_ms);
}

static void run_once(struct schedule *schedule, struct server *const *servers, size_t n_servers,
		     int64_t now_ms)
{
	struct pass pass = { .schedule = schedule, .servers = servers, .n_servers = n_servers,
			     .now_ms = now_ms };

	schedule->wake_at_ms = 0;
	for (int place = 0; place < PLACE_N; place++)
		serve_queue(&pass, &schedule->queues[QUEUE_PLACES + place]);
	serve_urgent(&pass, &schedule->queues[QUEUE_FARM]);
	serve_queue(&pass, &schedule->queues[QUEUE_FARM]);
	wake_for_probes(&pass);
}

void schedule_run(struct schedule *schedule, struct server *const *servers, size_t n_servers, int64_t now_ms)
{
	if (schedule->running) {
		schedule->again = true;
		return;
	}
	schedule->running = true;
	do {
		schedule->again = false;
		run_once(schedule, servers, n_servers, now_ms);
	} while (schedule->again);
	schedule->running = false;
	for (int i = 0; i < QUEUE_N; i++)
		forget(&schedule->queues[i]);
}
