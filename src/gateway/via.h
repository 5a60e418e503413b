/*
 * gateway/via.h - the gateways that a job has come through, so that no job goes in a circle.
 *
 * Each gateway has a random name for as long as it runs. Towards a server that may be a gateway (a
 * unix entry without ",raw") it puts a message HOPS before the request, with the names so far and its
 * own. Who finds its own name there, or too many, answers with a DENY.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_VIA_H
#define GATEWAY_VIA_H

#include <stdbool.h>

#include "base/str.h"

enum { VIA_NAME_LEN = 16, VIA_HOPS_MAX = 8 };

#define VIA_DENIAL "the job has come through this gateway before, or through too many: gateways are in each other's host lists"

void via_make_name(char name[VIA_NAME_LEN + 1]);
/* names: "A,B" or NULL. Is own among them, or are they too many? */
bool via_is_loop(const char *names, const char *own);
/* The message with the names so far (or NULL) and our own. */
void via_add_message(struct buf *out, const char *names, const char *own);

#endif
