/* gateway/ways.h - what the parent keeps for the servers of the list, and for no others. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_WAYS_H
#define GATEWAY_WAYS_H

#include "base/sock.h"
#include "gateway/guard.h"
#include "gateway/ssh-pool.h"
#include "hosts/list.h"

/* Guarded sockets may reach these addresses of a server; those that are written in a list. guard: or NULL. */
void ways_allow(const struct guard *guard, const struct host_spec *spec,
		const struct sock_addr *addrs, size_t n_addrs);
void ways_allow_listed(const struct guard *guard, const struct host_list *list);

/* No server that is not in the list has a job any more. pool: or NULL. */
void ways_trim(const struct guard *guard, struct ssh_pool *pool, const struct host_list *list);

#endif
