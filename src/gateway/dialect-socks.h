/*
 * gateway/dialect-socks.h - a client that takes us for a SOCKS5 proxy, as Gentoo's patched distcc does.
 *
 * Only a configured server is a destination, and what follows is the raw dialect with all its checks,
 * so this opens no way out of a sandbox.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_DIALECT_SOCKS_H
#define GATEWAY_DIALECT_SOCKS_H

#include "gateway/peer.h"

/* Looks at peer->in: the greeting, then the request. */
void dialect_socks_input(struct peer *peer);

#endif
