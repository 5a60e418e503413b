/* client/native.h - what this machine's compiler takes for granted, said in words for another machine. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_NATIVE_H
#define CLIENT_NATIVE_H

#include "base/err.h"
#include "compiler/scan.h"

/* Fills scan->native from what the compiler itself says. */
int native_resolve(struct scan *scan, struct err *err);

/* The command may end in "-target TRIPLE", put there for all clangs: what a clang writes for link-time
 * optimisation names its own triple, and so must the server's. */
int native_resolve_triple(struct scan *scan, struct err *err);

#endif
