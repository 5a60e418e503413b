/* gateway/browse-none.c - without avahi-client. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/browse.h"

bool browse_is_built_in(void)
{
	return false;
}

struct browse *browse_start(struct event_base *base, browse_found_fn *on_found, browse_lost_fn *on_lost, void *context)
{
	(void)base;
	(void)on_found;
	(void)on_lost;
	(void)context;
	return NULL;
}

void browse_end(struct browse *browse)
{
	(void)browse;
}
