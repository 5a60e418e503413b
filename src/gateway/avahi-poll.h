/*
 * gateway/avahi-poll.h - the event loop that avahi-client asks for, made of libevent's. Which form is
 * chosen by configure: avahi-poll.c or avahi-poll-none.c.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_AVAHI_POLL_H
#define GATEWAY_AVAHI_POLL_H

#include <event2/event.h>

struct AvahiPoll;

/* free(3) it when nothing uses it any more. NULL without avahi. */
struct AvahiPoll *avahi_poll_new(struct event_base *base);

#endif
