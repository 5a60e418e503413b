/* client/ccache.h - "distcc ccache gcc": the cache is asked first, and asks us for what it lacks. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_CCACHE_H
#define CLIENT_CCACHE_H

#include <stdbool.h>

#include "base/argv.h"

/* Is the command's compiler behind the word "ccache"? */
bool ccache_is_first(const struct argv *command);

/* Becomes that ccache, which runs the compiler through us (called as argv0) unless CCACHE_PREFIX
 * already says what runs it. Returns only if there is no ccache to run. */
void ccache_become(const struct argv *command, const char *argv0);

#endif
