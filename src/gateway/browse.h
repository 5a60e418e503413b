/*
 * gateway/browse.h - servers that announce themselves (DNS-SD, service _distcc._tcp). Which form is
 * chosen by configure: browse-avahi.c or browse-none.c.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_BROWSE_H
#define GATEWAY_BROWSE_H

#include <event2/event.h>
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

/* found: new, or changed. lost: it has gone from all networks. */
typedef void browse_found_fn(void *context, const struct browse_host *host);
typedef void browse_lost_fn(void *context, const char *name, int port);

struct browse;

bool browse_is_built_in(void);
/* Never fails: without a daemon it warns once and goes on trying, quietly. What was found stays
 * found while the daemon restarts. */
struct browse *browse_start(struct event_base *base, browse_found_fn *on_found, browse_lost_fn *on_lost, void *context);
void browse_end(struct browse *browse);

#endif
