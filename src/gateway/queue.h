/*
 * gateway/queue.h - jobs that wait for the same thing, and whose turn it is. No I/O.
 *
 * Owners share by turns, and an owner's builds among themselves; inside a build it is first in, first
 * out. A turn is charged to the owner and to the build, a job of nice 5 three times as much as one of
 * nice 0: whoever has been charged the least is next. Whoever has had nothing to do joins where the
 * others are, so nobody saves up turns, and none is forgotten by leaving the queue for a moment.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_QUEUE_H
#define GATEWAY_QUEUE_H

#include <uthash.h>

#include "gateway/job.h"

enum {
	BUILD_LABEL_MAX = 63,
	BUILDS_MAX = 64				/* of one owner that are told apart at once */
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
	uint64_t n_served;
	size_t n_queued, n_impatient;
};

void queue_add(struct queue *queue, struct job *job, bool at_front);
void queue_remove(struct job *job);		/* harmless when not queued */
/* Takes it out, at its owner's and its build's cost. */
void queue_serve(struct job *job);
/* Its owner and its build pay for more turns than they had. */
void queue_charge(struct queue *queue, const struct job *job, uint64_t turns);

/* One job of this build, if any can move; false: none can, for now. */
typedef bool queue_serve_fn(void *context, struct build *build);
/* Gives the builds their turns until none can move. */
void queue_run(struct queue *queue, queue_serve_fn *serve, void *context);
/* Owners and builds that have nothing to do go, once the others have caught up. Not during queue_run(). */
void queue_forget(struct queue *queue);

#endif
