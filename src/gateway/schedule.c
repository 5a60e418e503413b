/* gateway/schedule.c - see schedule.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"

bool job_is_queued(const struct job *job)
{
	return job->owner != NULL;
}

void job_release(struct job *job)
{
	free(job->compiler);
	free(job->source);
	free(job->use);
	memset(job, 0, sizeof(*job));
}

void schedule_add(struct schedule *schedule, struct job *job, bool at_front, int64_t now_ms)
{
	struct owner *owner;

	HASH_FIND(hh, schedule->owners, &job->uid, sizeof(job->uid), owner);
	if (!owner) {
		owner = mem_alloc(sizeof(*owner));
		owner->uid = job->uid;
		HASH_ADD(hh, schedule->owners, uid, sizeof(owner->uid), owner);
	}
	if (at_front)
		DL_PREPEND(owner->jobs, job);
	else
		DL_APPEND(owner->jobs, job);
	job->owner = owner;
	job->queued_at_ms = now_ms;
	schedule->n_queued++;
}

void schedule_remove(struct schedule *schedule, struct job *job)
{
	struct owner *owner = job->owner;

	if (!owner)
		return;
	DL_DELETE(owner->jobs, job);
	job->owner = NULL;
	schedule->n_queued--;
	/* An owner without jobs goes when it is its turn: schedule_run() may stand on it now. */
}

void schedule_forget(struct schedule *schedule, const struct server *server)
{
	for (struct owner *owner = schedule->owners; owner; owner = owner->hh.next)
		for (struct job *job = owner->jobs; job; job = job->next)
			if (job->preferred == server)
				job->preferred = NULL;
}

/* ------------------------------------------------------------------------ which server */

static bool list_names(const char *use, const struct server *server)
{
	autofree char *copy = mem_strdup(use);
	char *rest = copy, *name;

	while ((name = strsep(&rest, "+")))
		if (*name && server_is_named(server, name))
			return true;
	return false;
}

static bool was_tried(const struct job *job, const struct server *server)
{
	for (size_t i = 0; i < job->n_tried; i++)
		if (job->tried[i] == server)
			return true;
	return false;
}

static bool is_less_loaded(const struct server *a, const struct server *b)
{
	return (int64_t)a->in_flight * b->slots < (int64_t)b->in_flight * a->slots;
}

enum pick_result schedule_pick(const struct job *job, struct server *const *servers, size_t n_servers,
			       int64_t now_ms, struct server **found, int *protocol)
{
	bool any_fits = false, any_untried = false, any_up = false;
	struct server *best = NULL;

	for (size_t i = 0; i < n_servers; i++) {
		struct server *server = servers[i];
		bool free_slot;

		if (server->draining || server->spec.down || !server_protocol(server, job->protocol_min, job->protocol_max) ||
		    (job->use && !list_names(job->use, server)))
			continue;
		any_fits = true;
		if (was_tried(job, server) || server_refuses(server, job->compiler ? job->compiler : "", now_ms))
			continue;
		any_untried = true;
		if (breaker_state(&server->breaker, now_ms) == BREAKER_OPEN)
			continue;
		any_up = true;
		free_slot = server->in_flight < server->slots && breaker_lets_through(&server->breaker, now_ms) &&
			    (server->n_addrs || server->spec.kind == HOST_SSH);
		if (free_slot && (!best || server == job->preferred || (best != job->preferred && is_less_loaded(server, best))))
			best = server;
	}
	if (best) {
		*found = best;
		*protocol = server_protocol(best, job->protocol_min, job->protocol_max);
		return PICK_FOUND;
	}
	return any_up ? PICK_WAIT : any_untried ? PICK_ALL_DOWN : any_fits ? PICK_ALL_TRIED : PICK_NO_SERVER;
}

/* ------------------------------------------------------------------------ in what order */

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

/* Grants, denies or passes over one job; true if it left the queue. */
static bool serve(struct schedule *schedule, struct job *job, struct server *const *servers, size_t n_servers,
		  int64_t now_ms, bool *slots_left)
{
	struct server *server;
	const char *reason, *text;
	int protocol;
	enum pick_result result = schedule_pick(job, servers, n_servers, now_ms, &server, &protocol);

	if (result == PICK_WAIT) {
		*slots_left = false;
		return false;
	}
	schedule_remove(schedule, job);
	if (result == PICK_FOUND) {
		server->in_flight++;
		job->is_probe = breaker_on_start(&server->breaker, now_ms);
		job->on_grant(job, server, protocol);
	} else {
		reason = denial(result, &text);
		job->on_deny(job, reason, text);
	}
	return true;
}

/* Those that cannot be told to wait, before their patience ends. */
static void serve_urgent(struct schedule *schedule, struct server *const *servers, size_t n_servers, int64_t now_ms)
{
	for (struct owner *owner = schedule->owners; owner; owner = owner->hh.next) {
		struct job *job = owner->jobs, *next;
		bool slots_left = true;

		for (; job && slots_left; job = next) {
			next = job->next;
			if (job->impatient && now_ms - job->queued_at_ms >= JOB_URGENT_MS)
				serve(schedule, job, servers, n_servers, now_ms, &slots_left);
		}
	}
}

/* The first job of an owner that can move; a job that waits for one special server holds up nobody. */
static bool serve_owner(struct schedule *schedule, struct owner *owner, struct server *const *servers,
			size_t n_servers, int64_t now_ms)
{
	enum { LOOK_AT_MOST = 64 };
	struct job *job = owner->jobs;

	for (int i = 0; job && i < LOOK_AT_MOST; i++) {
		struct job *next = job->next;
		bool slots_left = true;

		if (serve(schedule, job, servers, n_servers, now_ms, &slots_left))
			return true;
		job = next;
	}
	return false;
}

static bool any_slot_free(struct server *const *servers, size_t n_servers)
{
	for (size_t i = 0; i < n_servers; i++)
		if (servers[i]->in_flight < servers[i]->slots)
			return true;
	return false;
}

static void run_once(struct schedule *schedule, struct server *const *servers, size_t n_servers, int64_t now_ms)
{
	bool moved = true;

	serve_urgent(schedule, servers, n_servers, now_ms);
	while (moved && schedule->n_queued && any_slot_free(servers, n_servers)) {
		struct owner *owner = schedule->owners, *last = NULL;

		moved = false;
		while (owner && owner != last) {
			struct owner *next = owner->hh.next;

			if (owner->jobs)
				moved |= serve_owner(schedule, owner, servers, n_servers, now_ms);
			/* Whoever had a turn goes to the end of the line. */
			HASH_DEL(schedule->owners, owner);
			if (owner->jobs) {
				HASH_ADD(hh, schedule->owners, uid, sizeof(owner->uid), owner);
				if (!last)
					last = owner;
			} else {
				free(owner);
			}
			owner = next;
		}
	}
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
}
