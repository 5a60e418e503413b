/*
 * gateway/schedule.h - which job is next, and what it gets: a server, or a place on this machine.
 * No I/O.
 *
 * There are three queues: for the farm, for compiles and links here, for preprocessors here. In each,
 * owners share by turns, and an owner's builds among themselves; inside a build it is first in, first
 * out. A turn is charged to the owner and to the build, a job of nice 5 three times as much as one of
 * nice 0: whoever has been charged the least is next. Whoever has had nothing to do joins where the
 * others are, so nobody saves up turns, and none is forgotten by leaving the queue for a moment.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SCHEDULE_H
#define GATEWAY_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uthash.h>

#include "gateway/pick.h"
#include "gateway/policy.h"
#include "gateway/server.h"

enum {
	JOB_URGENT_MS = 120000,
	JOB_NICE_MAX = 19,
	BUILD_LABEL_MAX = 63,
	BUILDS_MAX = 64,			/* of one owner that are told apart at once */
	/* without movement for so long a waiter is let in regardless */
	PLACE_STUCK_MS = 10000,
	PLACE_LOOK_MS = 1000			/* while somebody waits the holders are looked at so often */
};

enum job_kind { JOB_COMPILE, JOB_CPP, JOB_LOCAL, JOB_LINK, JOB_SERVED };	/* where: farm, here... */

enum place {					/* on this machine */
	PLACE_COMPILE,				/* compilers and linkers */
	PLACE_CPP,
	PLACE_N
};

struct build;

struct job {
	enum job_kind kind;
	uid_t uid;				/* who is charged: of the peer, from the kernel */
	char *compiler, *source, *use;		/* use: "A+B", the only servers it may go to, or NULL */
	char *object;				/* how its object must begin (object.h), or NULL */
	/* compiler and object: what refusals are remembered by; NULL: the compiler */
	char *toolchain;
	/* of its build, what it is known by without one; NULL: none */
	char *label, *session;
	int nice;				/* 0..JOB_NICE_MAX */
	/* of its control group (weight.h), beside others of its user; 0: the usual */
	unsigned weight;
	uint64_t size;				/* bytes of the request, 0: unknown */
	int protocol_min, protocol_max;
	struct handing_wish wish;
	bool allow_here;			/* JOB_COMPILE: it may be told to run on this machine */
	bool impatient;				/* cannot be told to wait: goes first after JOB_URGENT_MS */
	/* id of a SOCKS client's destination, used if it has a free slot */
	uint64_t preferred;
	uint64_t tried[JOB_ATTEMPTS_MAX];	/* ids of servers */
	size_t n_tried;
	bool is_probe;				/* granted: the one job that a server gets which was down */
	int64_t queued_at_ms;
	int64_t held_since_ms;			/* waiting for a faster server although one is free; 0: not */

	void (*on_grant)(struct job *job, struct server *server, int protocol);	/* the slot is taken */
	void (*on_place)(struct job *job, enum place place);			/* the place is taken */
	void (*on_deny)(struct job *job, const char *reason, const char *text);
	void *context;

	struct build *build;			/* while queued */
	struct job *prev, *next;
};

/* What is shared by turns: an owner, or one of its builds. Charges are in 1024ths of a turn. */
struct turn_taker {
	uint64_t charged;
	/* number of its last grant: among equals who waits longest is next */
	uint64_t served_at;
	size_t n_queued;
	bool stuck;				/* none of its jobs can move in this pass */
};

struct build {
	struct turn_taker turns;
	char label[BUILD_LABEL_MAX + 1];
	struct owner *owner;
	struct job *jobs;			/* first in, first out; replays at the front */
	UT_hash_handle hh;
};

struct owner {
	struct turn_taker turns;
	uid_t uid;
	uint64_t clock;				/* what the build served last was charged before */
	struct build *builds;
	struct queue *queue;
	UT_hash_handle hh;
};

struct queue {
	struct owner *owners;
	uint64_t clock;
	size_t n_queued, n_impatient;
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
	size_t n_queued;			/* in all queues */
	uint64_t n_served, n_taken;		/* grants, and slots of servers */
	int64_t wake_at_ms;			/* schedule_run() wants to be called again then; 0: no need */
	bool running, again;
};

void schedule_add(struct schedule *schedule, struct job *job, bool at_front, int64_t now_ms);
void schedule_remove(struct schedule *schedule, struct job *job);	/* harmless when not queued */
const char *job_toolchain(const struct job *job);	/* borrowed; may be empty */
void job_wish(const struct job *job, struct pick_wish *wish);	/* borrows from the job */
bool job_is_queued(const struct job *job);
void job_release(struct job *job);

/* Grants and denies until nothing moves. Calls back; safe against being called from there. */
void schedule_run(struct schedule *schedule, struct server *const *servers, size_t n_servers, int64_t now_ms);

enum { CHARGED_MS_MIN = 50, CHARGED_MS_MAX = 1000 };

/* A slot was held for so long while its client kept the server waiting: that costs the turns of the jobs that
 * could have been done, of usual_ms each (within the bounds above; 0: unknown). */
void schedule_charge(struct schedule *schedule, const struct job *job, int64_t held_ms, double usual_ms);

/* A free slot of a server that was picked is used from now on. */
void schedule_take_slot(struct schedule *schedule, const struct job *job, struct server *server,
			int64_t now_ms);

size_t schedule_n_waiting_here(const struct schedule *schedule);	/* for places on this machine */

/* A place that a predecessor of this gateway has given is in use here, whether one is free or not. */
void schedule_place_take(struct schedule *schedule, enum place place, bool from_farm);
/* A place is given back. from_farm: it was a compile that might have gone elsewhere. */
void schedule_place_free(struct schedule *schedule, enum place place, bool from_farm, int64_t now_ms);

#endif
