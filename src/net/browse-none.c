/* net/browse-none.c - without avahi-client. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/browse.h"

bool browse_is_built_in(void)
{
	return false;
}

struct browse *browse_start(const struct AvahiPoll *poll, const char *subtype,
			    const struct browse_events *events, void *context)
{
	(void)poll;
	(void)subtype;
	(void)events;
	(void)context;
	return NULL;
}

void browse_end(struct browse *browse)
{
	(void)browse;
}
