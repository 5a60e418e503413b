/* gateway/dialect-raw.h - a peer that sends a distcc request from its first byte. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_DIALECT_RAW_H
#define GATEWAY_DIALECT_RAW_H

#include <stddef.h>

#include "gateway/peer.h"

/* From now on it is a raw peer; what it has sent already is taken as the beginning. */
void dialect_raw_enter(struct peer *peer);
void dialect_raw_input(struct peer *peer, const char *bytes, size_t len);

/* The relay has what came of the request already: goes on from there. */
void dialect_raw_resume(struct peer *peer);

#endif
