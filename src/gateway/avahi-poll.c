/* gateway/avahi-poll.c - see avahi-poll.h. A watch may be freed from within its own callback. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/avahi-poll.h"

#include <avahi-common/watch.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/mem.h"

struct AvahiWatch {
	struct event_base *base;
	struct event *event;
	int fd;
	AvahiWatchEvent happened;
	AvahiWatchCallback callback;
	void *userdata;
};

struct AvahiTimeout {
	struct event *event;
	AvahiTimeoutCallback callback;
	void *userdata;
};

static void watch_on_event(evutil_socket_t fd, short what, void *context)
{
	AvahiWatch *watch = context;

	/* A hang-up shows as readable; whoever reads finds the end. */
	watch->happened = ((what & EV_READ) ? AVAHI_WATCH_IN : 0) | ((what & EV_WRITE) ? AVAHI_WATCH_OUT : 0);
	watch->callback(watch, (int)fd, watch->happened, watch->userdata);
}

static void arm(AvahiWatch *watch, AvahiWatchEvent wanted)
{
	short what = EV_PERSIST | ((wanted & AVAHI_WATCH_IN) ? EV_READ : 0) | ((wanted & AVAHI_WATCH_OUT) ? EV_WRITE : 0);

	if (watch->event)
		event_free(watch->event);
	watch->event = event_new(watch->base, watch->fd, what, watch_on_event, watch);
	event_add(watch->event, NULL);
}

static AvahiWatch *watch_new(const AvahiPoll *poll, int fd, AvahiWatchEvent wanted,
			     AvahiWatchCallback callback, void *userdata)
{
	AvahiWatch *watch = mem_alloc(sizeof(*watch));

	*watch = (AvahiWatch){ .base = poll->userdata, .fd = fd, .callback = callback, .userdata = userdata };
	arm(watch, wanted);
	return watch;
}

static void watch_update(AvahiWatch *watch, AvahiWatchEvent wanted)
{
	arm(watch, wanted);
}

static AvahiWatchEvent watch_get_events(AvahiWatch *watch)
{
	return watch->happened;
}

static void watch_free(AvahiWatch *watch)
{
	event_free(watch->event);
	free(watch);
}

static void timeout_on_event(evutil_socket_t fd, short what, void *context)
{
	AvahiTimeout *timeout = context;

	(void)fd;
	(void)what;
	timeout->callback(timeout, timeout->userdata);
}

/* Avahi names a point of the wall clock; NULL: never. */
static void timeout_update(AvahiTimeout *timeout, const struct timeval *at)
{
	struct timeval now, left = { 0, 0 };

	if (!at) {
		event_del(timeout->event);
		return;
	}
	gettimeofday(&now, NULL);
	if (timercmp(at, &now, >))
		timersub(at, &now, &left);
	event_add(timeout->event, &left);
}

static AvahiTimeout *timeout_new(const AvahiPoll *poll, const struct timeval *at,
				 AvahiTimeoutCallback callback, void *userdata)
{
	AvahiTimeout *timeout = mem_alloc(sizeof(*timeout));

	*timeout = (AvahiTimeout){ .callback = callback, .userdata = userdata };
	timeout->event = evtimer_new(poll->userdata, timeout_on_event, timeout);
	timeout_update(timeout, at);
	return timeout;
}

static void timeout_free(AvahiTimeout *timeout)
{
	event_free(timeout->event);
	free(timeout);
}

struct AvahiPoll *avahi_poll_new(struct event_base *base)
{
	AvahiPoll *poll = mem_alloc(sizeof(*poll));

	*poll = (AvahiPoll){ base, watch_new, watch_update, watch_get_events, watch_free, timeout_new, timeout_update, timeout_free };
	return poll;
}
