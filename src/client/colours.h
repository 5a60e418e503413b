/* client/colours.h - gcc's messages in the colours that GCC_COLORS asks for on this machine. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_COLOURS_H
#define CLIENT_COLOURS_H

#include "base/str.h"

/* Adds the messages, whose colours are gcc's own, to out; gcc_colours is the variable's value, where "" means
 * none at all. */
void colours_convert(struct buf *out, const struct buf *messages, const char *gcc_colours);

#endif
