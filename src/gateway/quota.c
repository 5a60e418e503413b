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

bool quota_keep(struct quota **quotas, uid_t uid, uint64_t bytes, uint64_t limit, bool *is_news)
{
	struct quota *quota;

	HASH_FIND(hh, *quotas, &uid, sizeof(uid), quota);
	quota->bytes += bytes;
	*is_news = quota->bytes > limit && !quota->is_told_of_bytes;
	quota->is_told_of_bytes |= *is_news;
	return quota->bytes <= limit;
}

void quota_leave(struct quota **quotas, uid_t uid, uint64_t bytes)
{
	struct quota *quota;

	HASH_FIND(hh, *quotas, &uid, sizeof(uid), quota);
	if (!quota)
		return;
	quota->bytes -= bytes;
	if (--quota->n)
		return;
	HASH_DEL(*quotas, quota);
	free(quota);
}
