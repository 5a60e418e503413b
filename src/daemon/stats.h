/* daemon/stats.h - what --stats tells: counters of jobs, in the words of distcc 3.4. No I/O. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_STATS_H
#define DAEMON_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "daemon/load.h"
#include "daemon/outcome.h"

struct stats_job {
	int64_t ended_ms;
	int64_t ms;
	enum job_class class;
};

enum { STATS_MINUTES = 15 };

struct stats {
	uint64_t accepted;
	uint64_t by_class[JOB_N_CLASSES];
	int64_t longest_ms;		/* -1: none yet */
	char longest_compiler[OUTCOME_TEXT_MAX], longest_input[OUTCOME_TEXT_MAX];
	struct stats_job *recent;	/* of the last 15 minutes, oldest first */
	size_t n_recent, room;
	int64_t minute_ms;		/* when the averages were last brought up to date */
	int kids[STATS_MINUTES];	/* jobs at once, a value for each minute, newest first */
};

void stats_init(struct stats *stats, int64_t now_ms);
void stats_release(struct stats *stats);
void stats_accept(struct stats *stats);
void stats_job(struct stats *stats, const struct job_outcome *outcome, int64_t now_ms);

/* The whole answer, HTTP header included. layers: what confines compilers. */
void stats_format(struct stats *stats, int n_workers, const struct load *load, const char *layers,
		  int64_t now_ms, struct buf *out);

#endif
