/* compiler/deps.h - dependency files (make rules) that a compiler has written elsewhere. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_DEPS_H
#define COMPILER_DEPS_H

#include <stdbool.h>

#include "base/str.h"

/* The next name, unescaped, of the list behind "target:"; *at moves on. False at the end of the rule. */
bool deps_next_name(const char **at, struct buf *name);
/* Where the names of the first rule begin, or NULL. */
const char *deps_names(const struct buf *deps);

/*
 * Breaks the lines of the first rule where a compile at the client would have: what breaks lines is the
 * length of the names, and on a server some are longer until the client's are put in their place.
 */
void deps_reflow(struct buf *out, const struct buf *deps, bool is_clang);

#endif
