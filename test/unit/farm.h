/* test/unit/farm.h - servers that exist only in a test: no address is ever dialled. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEST_FARM_H
#define TEST_FARM_H

#include "test/unit/check.h"

#include "gateway/server.h"

static inline struct server *farm_server(const char *entry)
{
	struct host_spec spec;
	struct err err = ERR_INIT;

	assert_ok(host_spec_parse(&spec, entry, &err));
	return server_new(&spec, 1, 0);
}

/* As if it had done a few jobs of this duration and size. */
static inline void farm_has_taken(struct server *server, int64_t ms, uint64_t bytes)
{
	for (int i = 0; i < 4; i++)
		estimate_add(&server->service, ms, bytes);
}

#endif
