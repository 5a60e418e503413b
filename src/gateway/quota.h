/* gateway/quota.h - how many connections each user has, and when that is enough. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_QUOTA_H
#define GATEWAY_QUOTA_H

#include <stdbool.h>
#include <sys/types.h>
#include <uthash.h>

struct quota {				/* of one user */
	uid_t uid;
	unsigned n;
	bool is_told;			/* it has met its limit, which is worth a line once */
	UT_hash_handle hh;
};

/* Counts one more. False when those are more than `limit`; *is_news: for the first time in a row. */
bool quota_enter(struct quota **quotas, uid_t uid, unsigned limit, bool *is_news);
void quota_leave(struct quota **quotas, uid_t uid);

#endif
