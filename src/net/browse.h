/*
 * net/browse.h - servers that announce themselves (DNS-SD, service _distcc._tcp). Which form is
 * chosen by configure: browse-avahi.c or browse-none.c.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_BROWSE_H
#define NET_BROWSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sock.h"

enum { BROWSE_ADDRS_MAX = 8 };

struct browse_host {			/* one server, however many networks it was seen in */
	const char *name;		/* of its machine, "build7.local" */
	int port;
	int slots;			/* TXT jobs=, as distcc 3.4 reads it */
	bool lzo;			/* TXT features= has lzo */
	struct sock_addr addrs[BROWSE_ADDRS_MAX];	/* the link-local ones last */
	size_t n_addrs;
};

struct browse_events {
	/* new, or changed */
	void (*found)(void *context, const struct browse_host *host);
	/* it has gone from all networks */
	void (*lost)(void *context, const char *name, int port);
	/* What there was has been told (trouble is NULL), or nobody can be found and why. May be NULL. */
	void (*settled)(void *context, const char *trouble);
};

struct AvahiPoll;
struct browse;

bool browse_is_built_in(void);
/* subtype: those that were announced with it (see net/service.h); NULL: all. Never fails: without a
 * daemon it warns once and goes on trying, quietly. What was found stays found while the daemon restarts. */
struct browse *browse_start(const struct AvahiPoll *poll, const char *subtype,
			    const struct browse_events *events, void *context);
void browse_end(struct browse *browse);

#endif
