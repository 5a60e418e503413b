/* gateway/schedule.h - which job goes to which server, and in what order. No I/O. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SCHEDULE_H
#define GATEWAY_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uthash.h>

#include "gateway/policy.h"
#include "gateway/server.h"

enum { JOB_ATTEMPTS_MAX = 5, JOB_URGENT_MS = 120000 };

struct owner;

struct job {
	uid_t uid;				/* of the peer, from the kernel */
	char *compiler, *source, *use;		/* use: "A+B", the only servers it may go to, or NULL */
	int protocol_min, protocol_max;
	struct handing_wish wish;
	bool impatient;				/* cannot be told to wait: goes first after JOB_URGENT_MS */
	struct server *preferred;		/* a SOCKS client's destination, if it has a free slot */
	struct server *tried[JOB_ATTEMPTS_MAX];
	size_t n_tried;
	bool is_probe;				/* granted: the one job that a server gets which was down */
	int64_t queued_at_ms;

	void (*on_grant)(struct job *job, struct server *server, int protocol);	/* the slot is taken */
	void (*on_deny)(struct job *job, const char *reason, const char *text);
	void *context;

	struct owner *owner;			/* while queued */
	struct job *prev, *next;
};

struct owner {					/* of jobs: one uid */
	uid_t uid;
	struct job *jobs;			/* first in, first out; replays at the front */
	UT_hash_handle hh;
};

struct schedule {
	struct owner *owners;			/* in the order of their turns */
	size_t n_queued;
	bool running, again;
};

void schedule_add(struct schedule *schedule, struct job *job, bool at_front, int64_t now_ms);
void schedule_remove(struct schedule *schedule, struct job *job);	/* harmless when not queued */
bool job_is_queued(const struct job *job);
void job_release(struct job *job);

/* Forgets a server that is about to be freed. */
void schedule_forget(struct schedule *schedule, const struct server *server);

enum pick_result {
	PICK_FOUND,
	PICK_WAIT,				/* some server could take it later */
	PICK_NO_SERVER,				/* the list has none that fits: use=, protocol */
	PICK_ALL_DOWN,				/* those that fit are all struck by the breaker */
	PICK_ALL_TRIED				/* those that fit have failed or refused this very job */
};

/* Of the servers that may take the job now, the one with the least load for its slots, the first in
 * the list among equals. */
enum pick_result schedule_pick(const struct job *job, struct server *const *servers, size_t n_servers,
			       int64_t now_ms, struct server **found, int *protocol);

/* Grants and denies until nothing moves: owners take turns. Calls back; safe against being called
 * from there. */
void schedule_run(struct schedule *schedule, struct server *const *servers, size_t n_servers, int64_t now_ms);

#endif
