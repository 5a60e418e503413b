/* gateway/schedule.c - see schedule.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/schedule.h"

enum { ALIKE_MAX = 16 };

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

void schedule_add(struct schedule *schedule, struct job *job, bool at_front, int64_t now_ms)
{
	queue_add(queue_of(schedule, job), job, at_front);
	job->queued_at_ms = now_ms;
	job->held_since_ms = 0;
	if (job->kind == JOB_COMPILE && !at_front)
		demand_arrived(&schedule->demand, now_ms);
}

void schedule_charge(struct schedule *schedule, const struct job *job, int64_t held_ms, double usual_ms)
{
	double each_ms = usual_ms <= 0 || usual_ms > CHARGED_MS_MAX ? CHARGED_MS_MAX : usual_ms < CHARGED_MS_MIN ? CHARGED_MS_MIN : usual_ms;

	queue_charge(queue_of(schedule, job), job, held_ms > 0 ? (uint64_t)((double)held_ms / each_ms) : 0);
}

size_t schedule_n_queued(const struct schedule *schedule)
{
	return schedule->queues[QUEUE_FARM].n_queued + schedule_n_waiting_here(schedule);
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
	queue_serve(job);
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
	queue_serve(job);
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

static bool is_hopeless(const struct pass *pass, const struct job *job)
{
	for (size_t i = 0; i < pass->n_alike; i++)
		if (job_is_alike(pass->alike[i], job))
			return true;
	return false;
}

/* The first job of a build that can move: one that waits for a special server holds up nobody. A full
 * farm is not searched: a queue of thousands would be walked for each of them. */
static bool serve_build(void *context, struct build *build)
{
	struct pass *pass = context;
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
		queue_run(&schedule->queues[QUEUE_PLACES + place], serve_build, &pass);
	serve_urgent(&pass, &schedule->queues[QUEUE_FARM]);
	queue_run(&schedule->queues[QUEUE_FARM], serve_build, &pass);
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
		queue_forget(&schedule->queues[i]);
}
