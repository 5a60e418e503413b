/*
 * gateway/feed.h - what happens to jobs, told once and shown many ways: --status, distccmon-text,
 * /metrics and the page all read this, so they cannot disagree.
 *
 *   wanted --> queued --> granted --+--> done
 *      |          |  ^       |      +--> denied
 *      |          |  +-------+ replayed (on another server)
 *      +----------+----------+---------> cancelled (the client went away)
 *
 * A second attempt may run beside the granted one. Of the two, the one that is not the job's end is abandoned.
 *
 * Each job that is wanted ends exactly once: wanted = done + denied + cancelled + live. A local run
 * is no job of the farm; clients report it, and it is counted by its reason. No I/O here.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_FEED_H
#define GATEWAY_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uthash.h>

#include "wire/reason.h"

enum feed_kind {
	FEED_WANTED, FEED_QUEUED, FEED_GRANTED, FEED_REPLAYED, FEED_SECOND, FEED_ABANDONED, FEED_DONE,
		FEED_DENIED, FEED_CANCELLED, FEED_LOCAL,
	FEED_N_KINDS
};
const char *feed_kind_name(enum feed_kind kind);

enum {
	FEED_EVENTS_MAX = 8192,		/* kept for monitors that look now and then, a power of two */
	FEED_BUILDS_MAX = 256,		/* the build that was silent longest is forgotten first */
	FEED_LABEL_MAX = 48,
	FEED_SOURCE_MAX = 64,
	FEED_COMPILER_MAX = 32,
	FEED_SERVER_MAX = 64
};

struct feed_build {			/* what one user's jobs of one label came to */
	char key[FEED_LABEL_MAX + 16];	/* "UID LABEL" */
	char label[FEED_LABEL_MAX];	/* may be empty: the client gave none */
	uid_t uid;
	unsigned n_live;
	int64_t n_elsewhere;		/* live at the gateway that this one replaces */
	uint64_t n[FEED_N_KINDS];
	uint64_t local[REASON_N];
	uint64_t run_ms;		/* of the jobs that are done, from grant to end */
	int64_t first_ms, last_ms;
	struct feed_build *prev, *next;	/* the one silent longest is first */
	UT_hash_handle hh;
};

struct feed_lane_set {			/* which slots of a server are in use: for the time lines */
	char server[FEED_SERVER_MAX];
	uint64_t *taken;
	size_t n_words;
	UT_hash_handle hh;
};

struct feed_job {			/* part of whoever has the job; zeroed at first */
	uint64_t id;			/* 0: there is no job, or it has ended */
	/* before it is wanted: the id that a predecessor of ours gave it, or 0 */
	uint64_t resumes;
	unsigned counted;		/* 1 << kind: steps that the predecessor has counted */
	int64_t waited_ms;		/* in the predecessor's queue */
	uid_t uid;
	pid_t pid;
	char source[FEED_SOURCE_MAX], compiler[FEED_COMPILER_MAX];
	char server[FEED_SERVER_MAX];	/* of the last grant */
	int lane;			/* slot of that server; -1: none, or beyond what is counted */
	bool holds_lane;
	unsigned n_grants;
	int64_t wanted_ms, queued_ms, granted_ms;
	struct feed_build *build;	/* NULL when there are too many */
};

struct feed_event {
	uint64_t seq;			/* from 1, without gaps */
	enum feed_kind kind;
	int64_t at_ms;
	uint64_t job;
	uid_t uid;
	int lane;
	int64_t waited_ms, run_ms;	/* in the queue; from the grant, for the kinds that end an attempt */
	char build[FEED_LABEL_MAX], source[FEED_SOURCE_MAX], server[FEED_SERVER_MAX];
	char reason[FEED_COMPILER_MAX];	/* of a denial, a local run, or an attempt that came to nothing */
};

struct feed {
	uint64_t n[FEED_N_KINDS];	/* since the start, of the gateways before this one, too (tally.h) */
	int64_t n_elsewhere;		/* live at the one that is being replaced */
	uint64_t local[REASON_N];
	uint64_t wait_ms, run_ms;	/* sums over granted, and over done jobs */
	uint64_t last_id;
	uint64_t last_seq;
	/* of our own events; those before were a predecessor's, and are not here */
	uint64_t first_seq;
	struct feed_event *events;	/* a ring of FEED_EVENTS_MAX */
	struct feed_build *builds, *oldest;	/* the same ones as a table and as a list */
	struct feed_lane_set *lanes;
};

void feed_init(struct feed *feed);
void feed_release(struct feed *feed);

/* Gives the job its id. Texts are cut to fit; NULL is empty. */
void feed_job_wanted(struct feed *feed, struct feed_job *job, uid_t uid, pid_t pid,
		     const char *build, const char *source,
		     const char *compiler, int64_t now_ms);
void feed_job_queued(struct feed *feed, struct feed_job *job, int64_t now_ms);
void feed_job_granted(struct feed *feed, struct feed_job *job, const char *server, int64_t now_ms);
/* Its server's slot is free, whatever becomes of the job. Harmless when it held none. */
void feed_job_left(struct feed *feed, struct feed_job *job);
void feed_job_replayed(struct feed *feed, struct feed_job *job, const char *reason, int64_t now_ms);
/* The job is tried by another server beside the one that has it. second is filled, and is no job of its own. */
void feed_job_tried_again(struct feed *feed, struct feed_job *job, struct feed_job *second, const char *server,
			  int64_t now_ms);
/* An attempt, the job's own or the second one, has ended, and what becomes of the job is the other's matter.
 * Harmless where there is none. */
void feed_attempt_abandoned(struct feed *feed, struct feed_job *attempt, const char *reason, int64_t now_ms);
/* The second attempt is the job's only one now. Harmless when it has ended. */
void feed_job_promote(struct feed_job *job, struct feed_job *second);
/* kind: FEED_DONE, FEED_DENIED or FEED_CANCELLED. Harmless when it has ended, or never began. */
void feed_job_ended(struct feed *feed, struct feed_job *job, enum feed_kind kind,
		    const char *reason, int64_t now_ms);
/* Has a predecessor counted this step of it? */
static inline bool feed_job_is_counted(const struct feed_job *job, enum feed_kind kind)
{
	return job->counted >> kind & 1;
}
/* A successor has it now: it has not ended. */
void feed_job_moved(struct feed *feed, struct feed_job *job);
/* The numbers go on where a predecessor's ended; nothing has happened here yet. */
void feed_continue(struct feed *feed, uint64_t last_id, uint64_t last_seq);
/* A client's word that it ran something locally. */
void feed_local(struct feed *feed, uid_t uid, const char *build, const char *source,
		const char *reason, int64_t run_ms,
		int64_t now_ms);

/* The build of that label, made if it is new; NULL when there are too many. */
struct feed_build *feed_build_get(struct feed *feed, uid_t uid, const char *label, int64_t now_ms);

/* The event after seq, or the oldest that is still kept; NULL when there is none yet. */
const struct feed_event *feed_next(const struct feed *feed, uint64_t seq);

#endif
