/*
 * daemon/crew.h - the worker processes of a server: how they come, what each is doing, and how they go.
 *
 *   ABSENT --started--> IDLE --connection--> READING --its request is whole--> WAITING --slot--> COMPILING
 *                        ^                                                                           |
 *                        +------------------ outcome ------------------ SENDING <--compiler ended----+
 *
 * At most --jobs of them are COMPILING. There are as many workers, and some more while slots are free and
 * all workers are at slow clients. Where these take all that there may be, the slowest one is closed.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_CREW_H
#define DAEMON_CREW_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/entrance.h"
#include "daemon/options.h"
#include "daemon/outcome.h"

enum crew_state { CREW_ABSENT, CREW_IDLE, CREW_READING, CREW_WAITING, CREW_COMPILING, CREW_SENDING, CREW_ENDING };

struct crew_worker {
	enum crew_state state;
	int64_t since_ms;		/* in this state */
	int64_t started_ms;		/* 0: never yet */
	pid_t pid;			/* 0: none */
	int channel;			/* -1: none */
};

struct crew {
	const struct options *options;
	const char *base;		/* each has a directory of its own there, named by its number */
	struct entrance *entrance;	/* closed in children, where it would hold connections open */
	struct crew_worker *workers;
	int n, n_max;			/* --jobs of them, and those for slow clients */
	int n_closed;			/* slow clients that were closed; the caller takes them off */
};

void crew_init(struct crew *crew, const struct options *options, const char *base, struct entrance *entrance);
void crew_release(struct crew *crew);

/* Starts those that are missing, and ends those that are not needed any more. Milliseconds until that has to be
 * done again, or -1. */
int crew_tend(struct crew *crew);
/* One that can take a connection now, or NULL. */
struct crew_worker *crew_find_idle(struct crew *crew);
int crew_count_idle(const struct crew *crew);
/* Hands it over; the descriptor stays the caller's. */
void crew_hand_over(struct crew_worker *worker, int fd);

/* Fills fds (n_max of them) with what they say; their number. */
size_t crew_watch(const struct crew *crew, struct pollfd *fds);
/* After poll(2), for fds[i] of these. True with the outcome of a job. */
bool crew_hear(struct crew *crew, size_t i, const struct pollfd *fd, struct job_outcome *outcome);

/* Notes that a process has ended, and removes what it left. False when it was none of these. */
bool crew_note_death(struct crew *crew, pid_t pid, int status);
bool crew_has(const struct crew *crew, pid_t pid);
bool crew_is_empty(const struct crew *crew);
void crew_kill(const struct crew *crew, int signal_number);
void crew_close_channels(struct crew *crew);

#endif
