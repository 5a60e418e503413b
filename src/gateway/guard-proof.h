/* gateway/guard-proof.h - tries whether guarded sockets (guard.h) are as shut as they should be. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_GUARD_PROOF_H
#define GATEWAY_GUARD_PROOF_H

#include "gateway/guard.h"

/* On throw-away connections, as a holder in another cgroup would: ERR_FAILED says what is open. Leaves
 * nothing in the map. Takes some 0.1 s. */
int guard_prove(const struct guard *guard, struct err *err);

#endif
