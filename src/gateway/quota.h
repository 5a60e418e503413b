/* gateway/quota.h - what each user has of the gateway, and when that is enough. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_QUOTA_H
#define GATEWAY_QUOTA_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uthash.h>

struct quota {				/* of one user */
	uid_t uid;
	unsigned n;			/* connections */
	uint64_t bytes;			/* of requests that are kept for a replay */
	bool is_told, is_told_of_bytes;	/* it has met its limit, which is worth a line once */
	UT_hash_handle hh;
};

/* Counts one more. False when those are more than `limit`; *is_news: for the first time in a row. */
bool quota_enter(struct quota **quotas, uid_t uid, unsigned limit, bool *is_news);
/* One less, and with it the bytes that were kept for it. */
void quota_leave(struct quota **quotas, uid_t uid, uint64_t bytes);

/* The same for bytes that a connection of this user, which is counted, has us keep. */
bool quota_keep(struct quota **quotas, uid_t uid, uint64_t bytes, uint64_t limit, bool *is_news);

#endif
