/* gateway/dialect-lease.h - a client that asks for a lease: doc/protocol-gateway.txt. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_DIALECT_LEASE_H
#define GATEWAY_DIALECT_LEASE_H

#include "gateway/peer.h"

/* Takes the whole messages in peer->in that its state lets it understand. */
void dialect_lease_input(struct peer *peer);

#endif
