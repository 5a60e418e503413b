/* state/jobnote.h - what a client is doing now, for the monitors: the file binstate_PID. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STATE_JOBNOTE_H
#define STATE_JOBNOTE_H

#include <stdbool.h>
#include <stddef.h>

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

enum { JOBNOTE_NAME_LEN = 128 };

struct job_note {
	long pid;
	char file[JOBNOTE_NAME_LEN], host[JOBNOTE_NAME_LEN];
	int slot;
	enum job_phase phase;
};
/* "Compile" and so on; "Unknown" beyond the enum. */
const char *job_phase_name(enum job_phase phase);

/* The bytes of a note. False: it is not whole yet, or *complaint (else NULL) says why it is none. */
bool jobnote_decode(const void *bytes, size_t len, struct job_note *note, const char **complaint);

/*
 * The notes of live clients, stock ones too, by host, then slot. Notes of the dead are ignored, and
 * removed when they are a minute old. complain() hears a sentence about each file that is no note of
 * this layout. *notes is yours to free. ERR_IO: the directory cannot be read.
 */
int jobnote_list(struct job_note **notes, size_t *n_notes, void (*complain)(const char *text),
		 struct err *err);

#endif
