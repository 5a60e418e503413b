/* base/json.h - writing JSON, which needs no tree: the texts are the hard part. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/str.h"

/* TEXT with its quotes. What is not valid UTF-8 is taken byte by byte for Latin-1, so that every
 * name can be shown and the result is always JSON. NULL is "". */
void json_add_string(struct buf *out, const char *text);

#endif
