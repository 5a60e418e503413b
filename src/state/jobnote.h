/* state/jobnote.h - what a client is doing now, for the monitors: the file binstate_PID. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STATE_JOBNOTE_H
#define STATE_JOBNOTE_H

#include "base/err.h"

enum job_phase {		/* numbers of the file format */
	JOB_STARTUP, JOB_BLOCKED, JOB_CONNECT, JOB_PREPROCESS, JOB_SEND, JOB_COMPILE, JOB_RECEIVE, JOB_DONE
};

/*
 * Native struct of distcc 3.4 (296 bytes on LP64): size_t size, unsigned long magic 0x44494800,
 * unsigned long pid, char file[128], char host[128], int slot, int phase, void *unused. One
 * pwrite per change, so readers never see it half written. Failure is quiet. NULL keeps the
 * earlier value.
 */
void jobnote_set(enum job_phase phase, const char *file, const char *host, int slot);
void jobnote_remove(void);			/* async-signal-safe */

#endif
