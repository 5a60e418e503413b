/*
 * gateway/heritage.h - what a gateway takes over from the one that it replaces: the clients that
 * wait there, and the count of the slots that are still in use there.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_HERITAGE_H
#define GATEWAY_HERITAGE_H

#include "gateway/state.h"

struct heritage;

/* Takes over trunk_fd (trunk.h). on_begin: the predecessor accepts nobody any more, so it is our
 * turn; comes once, also when it dies instead of saying so. on_end: it has ended. */
struct heritage *heritage_begin(struct gateway *gateway, int trunk_fd, void (*on_begin)(void *context),
				void (*on_end)(void *context), void *context);
/* One that the predecessor may have known before we did. */
void heritage_server_added(struct heritage *heritage, struct server *server);
void heritage_end(struct heritage *heritage);

#endif
