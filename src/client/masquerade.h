/* client/masquerade.h - called by a compiler's name: which compiler is meant? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_MASQUERADE_H
#define CLIENT_MASQUERADE_H

#include <stdbool.h>

#include "base/argv.h"

/*
 * Called as argv0 (any name without "distcc" in it): takes everything up to and including our
 * directory off PATH (in the environment, so for all children), and again while the rest leads to
 * us once more. Returns whether PATH was changed.
 */
bool masquerade_leave(const char *argv0);

/*
 * For the explicit form: where the compiler named is itself a link to a distcc (ccache in front of a
 * masquerade directory names it by its path), it becomes the compiler behind it. PATH may shrink as above.
 */
void masquerade_pass_by(struct argv *command);

#endif
