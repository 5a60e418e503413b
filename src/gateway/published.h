/*
 * gateway/published.h - what a server says of itself on its statistics port (--stats of distccd, since
 * 3.x): how many workers it has, how busy its machine is, how much memory is left. Pure.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_PUBLISHED_H
#define GATEWAY_PUBLISHED_H

#include <stddef.h>
#include <stdint.h>

enum {
	PUBLISHED_FRESH_MS = 30000,		/* after which it says nothing about now */
	PUBLISHED_WORKERS_MAX = 1024,
	PUBLISHED_JOB_MIB = 256			/* that a job is taken to need */
};

struct published {
	int workers;				/* 0: unknown */
	int running;				/* processes that could run, ours among them; -1: unknown */
	int64_t free_mib;			/* -1: unknown */
	int64_t at_ms;				/* of the answer; 0: there was none yet */
	int n_ours;				/* jobs of ours that it had then */
};
#define PUBLISHED_INIT { 0, -1, -1, 0, 0 }

/* Takes the answer of the statistics port. -1, and nothing changed, when it is none. */
int published_parse(struct published *published, const char *text, size_t len);

/* How many processes of others wanted its processors; 0 when that is not known, or not any more. */
int published_others(const struct published *published, int64_t now_ms);
/* How many jobs it has memory for, one at least; INT_MAX when that is not known. */
int published_jobs_max(const struct published *published, int64_t now_ms);

#endif
