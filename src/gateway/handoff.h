/* gateway/handoff.h - making a connected socket as safe to give away as it can be. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_HANDOFF_H
#define GATEWAY_HANDOFF_H

#include <stdbool.h>

#include "base/err.h"
#include "base/sock.h"
#include "gateway/policy.h"

/*
 * For a connected TCP socket: a classic filter that accepts only segments from its own peer's
 * address and port, locked (SO_LOCK_FILTER); and the TLS ULP where its proof holds. Nothing for
 * AF_UNIX. Any failure means: do not pass it. with_filter false only in test builds.
 */
int handoff_secure(int fd, const struct proof_result proofs[PROOF_N], bool with_filter, struct err *err);

/* Has anything been sent on a passed TCP connection? True where the socket cannot tell. */
bool handoff_is_used(int fd);

#endif
