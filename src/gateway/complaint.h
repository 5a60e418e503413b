/* gateway/complaint.h - what the log says of a user who misbehaves: some lines, and how many more there were. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_COMPLAINT_H
#define GATEWAY_COMPLAINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uthash.h>

enum { COMPLAINTS_MAX = 10, COMPLAINTS_MS = 10000 };	/* lines about one user in so long */

struct complaint {			/* about one user */
	uid_t uid;
	int64_t since_ms;
	unsigned n, n_left_out;
	UT_hash_handle hh;
};

/*
 * Is there to be a line about this user now? *n_left_out: how many have had none since the last one, which
 * that line should say. Nobody is forgotten of whom that is still to be said.
 */
bool complaint_is_due(struct complaint **complaints, uid_t uid, int64_t now_ms, unsigned *n_left_out);
void complaints_release(struct complaint **complaints);

#endif
