/*
 * daemon/place.h - a place on this machine for a job that is served, from the gateway that schedules the
 * machine's own builds. One limit holds for both then (localhost/N in the gateway's list).
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_PLACE_H
#define DAEMON_PLACE_H

#include <stdbool.h>

#include "base/err.h"
#include "net/gateway.h"

struct place {
	struct lease lease;
	bool is_held;
};
#define PLACE_INIT { LEASE_INIT, false }

/*
 * Waits for a place as long as the client at client_fd does. 0 also when the gateway does not answer: the
 * job goes on without a place, since a server must not stand still with its gateway, and the log says so.
 * ERR_IO: the client went away. ERR_NO_HOSTS: the gateway denied.
 */
int place_take(struct place *place, const char *gateway, int client_fd, const char *compiler,
	       const char *source, struct err *err);
/* Gives it back; harmless when none is held. A process that ends gives it back anyway. */
void place_give(struct place *place, bool ok);

#endif
