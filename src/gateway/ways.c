/* gateway/ways.c - see ways.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/ways.h"

#include "base/log.h"
#include "base/mem.h"
#include "gateway/server.h"

/* All addresses of a server are let in, and taken out again, together. */
static uint32_t mark_of(const struct host_spec *spec)
{
	autofree char *label = server_label(spec);
	uint32_t mark = 2166136261U;

	for (const char *at = label; *at; at++)
		mark = (mark ^ (unsigned char)*at) * 16777619U;
	return mark;
}

void ways_allow(const struct guard *guard, const struct host_spec *spec,
		const struct sock_addr *addrs, size_t n_addrs)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; guard && i < n_addrs; i++)
		if (guard_allow(guard, &addrs[i], mark_of(spec), &err) < 0)
			log_warning("host '%s' is not reached by sockets that are passed: %s",
				    spec->text, err.text);
}

void ways_allow_listed(const struct guard *guard, const struct host_list *list)
{
	for (size_t i = 0; guard && i < list->n_hosts; i++) {
		struct sock_addr addr;

		if (list->hosts[i].kind == HOST_TCP && server_numeric_addr(&addr, &list->hosts[i]))
			ways_allow(guard, &list->hosts[i], &addr, 1);
	}
}

void ways_trim(const struct guard *guard, struct ssh_pool *pool, const struct host_list *list)
{
	autofree uint32_t *marks = mem_array(list->n_hosts + 1, sizeof(*marks));

	if (pool)
		ssh_pool_trim(pool, list);
	for (size_t i = 0; i < list->n_hosts; i++)
		marks[i] = mark_of(&list->hosts[i]);
	if (guard)
		guard_keep(guard, marks, list->n_hosts);
}
