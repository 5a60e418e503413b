/* gateway/quota.c - see quota.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/quota.h"

#include <stdlib.h>

#include "base/mem.h"

bool quota_enter(struct quota **quotas, uid_t uid, unsigned limit, bool *is_news)
{
	struct quota *quota;

	HASH_FIND(hh, *quotas, &uid, sizeof(uid), quota);
	if (!quota) {
		quota = mem_alloc(sizeof(*quota));
		quota->uid = uid;
		HASH_ADD(hh, *quotas, uid, sizeof(quota->uid), quota);
	}
	quota->n++;
	*is_news = quota->n > limit && !quota->is_told;
	quota->is_told |= *is_news;
	return quota->n <= limit;
}

void quota_leave(struct quota **quotas, uid_t uid)
{
	struct quota *quota;

	HASH_FIND(hh, *quotas, &uid, sizeof(uid), quota);
	if (!quota || --quota->n)
		return;
	HASH_DEL(*quotas, quota);
	free(quota);
}
