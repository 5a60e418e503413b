/* client/deps.h - dependency files (make rules) that a server's compiler has written. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_DEPS_H
#define CLIENT_DEPS_H

#include <stdbool.h>

#include "base/str.h"

/* The next name, unescaped, of the list behind "target:"; *at moves on. False at the end of the rule. */
bool deps_next_name(const char **at, struct buf *name);
/* Where the names of the first rule begin, or NULL. */
const char *deps_names(const struct buf *deps);

/*
 * Breaks the lines of the first rule where a compile on this machine would have: servers of distcc 3.4
 * let the compiler write a longer target and put the right one in its place afterwards.
 */
void deps_reflow(struct buf *out, const struct buf *deps, bool is_clang);

#endif
