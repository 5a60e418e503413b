/* gateway/figures.h - every number that the gateway shows of itself, once: all views are made of this table. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_FIGURES_H
#define GATEWAY_FIGURES_H

#include "gateway/state.h"

enum figure_kind {
	FIGURE_COUNTER,			/* since the start */
	FIGURE_GAUGE			/* now */
};

struct figure {
	const char *name;		/* in --status; with "distcc_gateway_" before it in /metrics */
	enum figure_kind kind;
	const char *unit;		/* the name ends in it; NULL: none. "ms" is seconds in /metrics */
	const char *help;
	uint64_t (*get)(const struct gateway *gateway);
};

/* Ends with a row without a name. */
extern const struct figure figures[];

/* "up", "down", "probing", "leaving". */
const char *figure_server_state(const struct server *server, int64_t now_ms);

#endif
