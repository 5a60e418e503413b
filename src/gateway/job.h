/* gateway/job.h - what a client wants done: where it may go, and who is told. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_JOB_H
#define GATEWAY_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gateway/pick.h"
#include "gateway/policy.h"
#include "gateway/server.h"

enum { JOB_NICE_MAX = 19 };

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

const char *job_toolchain(const struct job *job);	/* borrowed; may be empty */
void job_wish(const struct job *job, struct pick_wish *wish);	/* borrows from the job */
bool job_is_queued(const struct job *job);
/* What one of them cannot get the other cannot get either. */
bool job_is_alike(const struct job *a, const struct job *b);
void job_release(struct job *job);

#endif
