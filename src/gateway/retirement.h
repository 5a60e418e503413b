/*
 * gateway/retirement.h - a gateway that has been replaced: it accepts nobody, grants nothing, hands
 * every client that holds no slot over to its successor, finishes the rest, and ends.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_RETIREMENT_H
#define GATEWAY_RETIREMENT_H

#include "gateway/state.h"

struct retirement;

/* Takes over trunk_fd (trunk.h). on_done: nothing is left to do, or nobody to do it with. */
struct retirement *retirement_begin(struct gateway *gateway, int trunk_fd,
				    void (*on_done)(void *context), void *context);
void retirement_end(struct retirement *retirement);

/* Something changed: a job was queued, a peer closed. */
void retirement_look(struct retirement *retirement);
/* A slot of this server was given back. */
void retirement_slot_free(struct retirement *retirement, const struct server *server);

#endif
