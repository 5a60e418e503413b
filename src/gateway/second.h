/*
 * gateway/second.h - a second attempt at a job whose server lets it wait, on one that has nothing to do.
 *
 * The first whole answer counts, and the other attempt ends. So a server that has turned slow, or hangs,
 * does not hold up the end of a build; nobody needs to know why it is late, or is blamed for it.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SECOND_H
#define GATEWAY_SECOND_H

#include "gateway/relay.h"

/* The request is whole, there is no second attempt yet, and a slot of that server has been taken for it. */
void second_start(struct relay *relay, struct server *server);

#endif
