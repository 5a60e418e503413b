/*
 * gateway/schedule.h - which job is next, and what it gets: a server, or a place on this machine.
 * No I/O.
 *
 * There are three queues: for the farm, for compiles and links here, for preprocessors here.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SCHEDULE_H
#define GATEWAY_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/queue.h"

enum {
	JOB_URGENT_MS = 120000,
	/* without movement for so long a waiter is let in regardless */
	PLACE_STUCK_MS = 10000,
	PLACE_LOOK_MS = 1000			/* while somebody waits the holders are looked at so often */
};

struct place_pool {
	int slots, busy;
	/* of the busy: their holders are stopped, so they do not count */
	int stopped;
	int64_t moved_at_ms;			/* a place was last taken or given back */
	uint64_t n_granted, n_overbooked;
};

enum { QUEUE_FARM, QUEUE_PLACES, QUEUE_N = QUEUE_PLACES + PLACE_N };

struct schedule {
	struct queue queues[QUEUE_N];		/* QUEUE_PLACES + place: for that place */
	struct place_pool places[PLACE_N];
	/* "localhost/N": compiles of the farm's queue that run here */
	int farm_here_slots, farm_here_busy;
	struct estimate here;			/* how long those take */
	struct demand demand;			/* for the farm */
	uint64_t n_taken;			/* slots of servers */
	int64_t wake_at_ms;			/* schedule_run() wants to be called again then; 0: no need */
	bool running, again;
};

void schedule_add(struct schedule *schedule, struct job *job, bool at_front, int64_t now_ms);

/* Grants and denies until nothing moves. Calls back; safe against being called from there. */
void schedule_run(struct schedule *schedule, struct server *const *servers, size_t n_servers, int64_t now_ms);

enum { CHARGED_MS_MIN = 50, CHARGED_MS_MAX = 1000 };

/* A slot was held for so long while its client kept the server waiting: that costs the turns of the jobs that
 * could have been done, of usual_ms each (within the bounds above; 0: unknown). */
void schedule_charge(struct schedule *schedule, const struct job *job, int64_t held_ms, double usual_ms);

/* A free slot of a server that was picked is used from now on. */
void schedule_take_slot(struct schedule *schedule, const struct job *job, struct server *server,
			int64_t now_ms);

size_t schedule_n_queued(const struct schedule *schedule);		/* in all queues */
size_t schedule_n_waiting_here(const struct schedule *schedule);	/* for places on this machine */

/* A place that a predecessor of this gateway has given is in use here, whether one is free or not. */
void schedule_place_take(struct schedule *schedule, enum place place, bool from_farm);
/* A place is given back. from_farm: it was a compile that might have gone elsewhere. */
void schedule_place_free(struct schedule *schedule, enum place place, bool from_farm, int64_t now_ms);

#endif
