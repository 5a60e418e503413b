/* gateway/turn.h - a peer's job in the queue, its grant, and what comes of it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_TURN_H
#define GATEWAY_TURN_H

#include "gateway/peer.h"

/* Hears of the peer's grants and of its relay from now on. */
void turn_init(struct peer *peer);

/* Queues the peer's job; may grant it, or deny and close the peer, before it returns. While it waits
 * nothing is read from a raw peer, but its end is seen. */
void turn_enqueue(struct peer *peer, bool at_front);

/* Which holders of places on this machine are stopped? Their places do not count as taken. */
void turn_look_at_holders(struct gateway *gateway);

#endif
