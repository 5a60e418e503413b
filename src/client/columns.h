/* client/columns.h - the columns in gcc's messages, as gcc counts them where the source is. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_COLUMNS_H
#define CLIENT_COLUMNS_H

#include "base/argv.h"
#include "base/str.h"

/* Copies messages, with each "FILE:LINE:COLUMN:" of a readable file changed from bytes to what a
 * terminal shows; command has the options that gcc was given for it. */
void columns_convert(struct buf *out, const struct buf *messages, const struct argv *command);

/* The columns that so many bytes of a UTF-8 text take, counted from 0. */
int columns_of(const char *text, size_t n_bytes, int tab_stop);

#endif
