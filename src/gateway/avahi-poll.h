/* gateway/avahi-poll.h - the event loop that avahi-client asks for, made of libevent's. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_AVAHI_POLL_H
#define GATEWAY_AVAHI_POLL_H

#include <avahi-common/watch.h>
#include <event2/event.h>

void avahi_poll_init(AvahiPoll *poll, struct event_base *base);

#endif
