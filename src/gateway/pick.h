/*
 * gateway/pick.h - which server a job should have: the one expected to finish it first. Pure: it looks
 * at servers, takes no slot and keeps nothing.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_PICK_H
#define GATEWAY_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/demand.h"
#include "gateway/server.h"

enum { JOB_ATTEMPTS_MAX = 5 };

/* What a job asks of a server. */
struct pick_wish {
	/* what refusals are remembered by; "A+B", the only servers it may go to, or NULL */
	const char *toolchain, *use;
	int protocol_min, protocol_max;
	uint64_t size;				/* bytes of the request, 0: unknown */
	uint64_t preferred;			/* id of a SOCKS client's destination, or 0 */
	const uint64_t *tried;			/* ids */
	size_t n_tried;
};

enum pick_result {
	PICK_FOUND,
	PICK_WAIT,				/* some server could take it later */
	PICK_NO_SERVER,				/* the list has none that fits: use=, protocol */
	PICK_ALL_DOWN,				/* those that fit are all struck by the breaker */
	PICK_ALL_TRIED				/* those that fit have failed or refused this very job */
};

struct pick {
	enum pick_result result;
	struct server *server;			/* PICK_FOUND */
	int protocol;				/* PICK_FOUND */
	bool slot_is_free;			/* PICK_WAIT: one is, but it is too slow a server's */
	/* PICK_FOUND, PICK_WAIT: until it is done that way; 0: unknown */
	double expected_ms;
	double usual_ms;			/* of the farm, for a job of this size; 0: unknown */
};

/*
 * Of the servers that may take the job now, the one that should finish it first: by what its last jobs
 * took and by its load. Servers whose jobs take about the same, or of which nothing is known yet, differ
 * by their load alone: the one with the fewest jobs for its slots, among these the one that has waited
 * longest for one, else the first in the list.
 *
 * PICK_WAIT although a slot is free: it is so slow that the job, and all that are expected beside it,
 * would be done sooner by the others, which are busy now. That is what keeps a slow server off a
 * build's tail. demand NULL: nothing is waited for.
 */
struct pick pick_server(const struct pick_wish *wish, struct server *const *servers, size_t n_servers,
			const struct demand *demand, int64_t now_ms);

/* What a job of this size takes, on average over the servers that are known; 0: nothing is known. */
double pick_usual_ms(struct server *const *servers, size_t n_servers, uint64_t size, int64_t now_ms);

/* Is name one of the words of "A+B"? */
bool pick_is_named(const char *use, const char *name);

#endif
