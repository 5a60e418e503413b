/*
 * gateway/roster.h - the loop's servers: from the host list and by zeroconf, how they come, stay and
 * go. What their slots and failures mean for them is in state.h, and done here, too.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_ROSTER_H
#define GATEWAY_ROSTER_H

#include "gateway/state.h"
#include "hosts/list.h"

/* Takes the entries over. Servers that stay keep their state; those that go finish what they have. */
void roster_take_list(struct gateway *gateway, struct host_list *list, uint32_t generation);
void roster_release(struct gateway *gateway);

#endif
