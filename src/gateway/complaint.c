/* gateway/complaint.c - see complaint.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/complaint.h"

#include <stdlib.h>

#include "base/mem.h"

static bool is_over(const struct complaint *complaint, int64_t now_ms)
{
	return now_ms - complaint->since_ms >= COMPLAINTS_MS;
}

static void forget_old_ones(struct complaint **complaints, int64_t now_ms)
{
	struct complaint *complaint, *next;

	HASH_ITER(hh, *complaints, complaint, next) {
		if (is_over(complaint, now_ms) && !complaint->n_left_out) {
			HASH_DEL(*complaints, complaint);
			free(complaint);
		}
	}
}

bool complaint_is_due(struct complaint **complaints, uid_t uid, int64_t now_ms, unsigned *n_left_out)
{
	struct complaint *complaint;

	*n_left_out = 0;
	HASH_FIND(hh, *complaints, &uid, sizeof(uid), complaint);
	if (!complaint) {
		forget_old_ones(complaints, now_ms);
		complaint = mem_alloc(sizeof(*complaint));
		complaint->uid = uid;
		complaint->since_ms = now_ms;
		HASH_ADD(hh, *complaints, uid, sizeof(complaint->uid), complaint);
	} else if (is_over(complaint, now_ms)) {
		*n_left_out = complaint->n_left_out;
		complaint->n = complaint->n_left_out = 0;
		complaint->since_ms = now_ms;
	}
	if (complaint->n == COMPLAINTS_MAX) {
		complaint->n_left_out++;
		return false;
	}
	complaint->n++;
	return true;
}

void complaints_release(struct complaint **complaints)
{
	struct complaint *complaint, *next;

	HASH_ITER(hh, *complaints, complaint, next) {
		HASH_DEL(*complaints, complaint);
		free(complaint);
	}
}
