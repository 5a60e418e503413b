/* gateway/proof.h - tries, on throw-away connections of its own, which ways out are shut here. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_PROOF_H
#define GATEWAY_PROOF_H

#include "gateway/guard.h"
#include "gateway/policy.h"

/* Runs before privileges drop; takes milliseconds. guard may be NULL, and then why. */
void proofs_try(struct proof_result results[PROOF_N], const struct guard *guard, const char *why_no_guard);

#endif
