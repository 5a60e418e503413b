/* client/pick.h - which host of the list gets this job, and the locks that say so. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_PICK_H
#define CLIENT_PICK_H

#include <stdbool.h>

#include "base/err.h"
#include "client/settings.h"
#include "hosts/list.h"

struct pick {
	const struct host_spec *host;	/* NULL: none */
	int slot;
	int lock_fd;			/* closing it gives the slot back; -1 where none is needed */
};
#define PICK_INIT { NULL, 0, -1 }

void pick_release(struct pick *pick);
void pick_move(struct pick *to, struct pick *from);	/* from holds nothing afterwards */
#define autopick __attribute__((cleanup(pick_release))) struct pick

/*
 * The first free slot, breadth first: slot 0 of each host in list order, then slot 1 of each...
 * Hosts with failed[i], that are down or in back-off are passed over. A gateway without a limit is
 * always free. When all are taken it waits for one of them, in the kernel, and looks again after
 * pause_ms. Where no lock file can be made a host counts as free. ERR_NO_HOSTS when no host is left.
 */
int pick_host(struct pick *pick, const struct host_list *list, const bool *failed,
	      const struct settings *settings,
	      struct err *err);

/* One of `limit` local slots; where no lock can be had the job runs without one. */
void pick_local(struct pick *pick, int limit, const struct settings *settings);

#endif
