/* gateway/avahi-poll-none.c - without avahi-client. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/avahi-poll.h"

struct AvahiPoll *avahi_poll_new(struct event_base *base)
{
	(void)base;
	return NULL;
}
