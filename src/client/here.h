/*
 * client/here.h - a place for work on this machine, from the gateway that schedules it for everybody:
 * a local compile, a link, a preprocessor. A courtesy: where it cannot be had the work goes on.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_HERE_H
#define CLIENT_HERE_H

#include <stdbool.h>

#include "hosts/list.h"
#include "net/gateway.h"

struct here {
	struct lease lease;
	bool is_held;
	bool is_off;			/* a gateway that did not answer is not asked again */
};
#define HERE_INIT { LEASE_INIT, false, false }

/* Waits for a place of this kind ("cpp", "local", "link") of the first gateway in the list. False: work
 * on without one: there is no gateway, it does not answer, or whoever started us holds a place. */
bool here_take(struct here *here, const struct host_list *hosts, const char *kind, const char *source);
/* The grant of a compile that says "run it yourself" is such a place, too. Takes the lease over. */
void here_keep(struct here *here, struct lease *lease);
/* Gives it back; harmless when none is held. A process that ends gives it back anyway. */
void here_give(struct here *here, bool ok);

/* Does whoever started us hold a place? Then neither we nor what we start ask for one. */
bool here_is_inherited(void);
/* What tells builds apart when nobody has named them: namespace and session. Borrowed. */
const char *here_session(void);
/* 0..19, for the scheduling of this process's jobs. */
int here_nice(void);

#endif
