/* gateway/show.h - the answers to SHOW: which view, in which form. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SHOW_H
#define GATEWAY_SHOW_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "gateway/state.h"

struct show_query {
	/* status, farm, jobs, events, build or metrics; NULL or unknown: status */
	const char *what;
	bool json;
	const char *build;		/* what=build: its label; NULL: all */
	uint64_t since;			/* what=events: the last one that is known */
};
void show_render(struct buf *out, const struct gateway *gateway, const struct show_query *query);

/* The other side: asks the gateway that listens at path and prints its answer to stdout. */
int show_print(const char *path, const char *what, bool json, const char *build, struct err *err);

#endif
