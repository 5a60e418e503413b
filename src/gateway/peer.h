/* gateway/peer.h - one local client, from accept() to close. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_PEER_H
#define GATEWAY_PEER_H

#include "gateway/state.h"

/* Takes a connected socket over. */
void peer_open(struct gateway *gateway, int fd);
/* Closes all and frees them: the gateway ends. */
void peers_close(struct gateway *gateway);
/* Frees those that were closed while their own callbacks ran. */
void peers_reap(struct gateway *gateway);

#endif
