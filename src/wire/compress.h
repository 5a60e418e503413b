/* wire/compress.h - LZO1X of one block, as versions 2 and 3 carry their bulk bodies. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WIRE_COMPRESS_H
#define WIRE_COMPRESS_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* Appends the compressed form to out. An empty input stays empty (the protocol's rule). */
int lzo_compress(struct buf *out, const void *bytes, size_t len, struct err *err);

/* Appends the expanded form. ERR_PROTOCOL when the block is bad or does not end exactly at its
 * last byte, or when more than max_len bytes come out. An empty input gives nothing. */
int lzo_expand(struct buf *out, const void *bytes, size_t len, size_t max_len, struct err *err);

/* The beginning of what a block holds, as far as its first len bytes give it and out has room. Returns its
 * length; 0 where nothing can be said. */
size_t lzo_expand_head(void *out, size_t room, const void *bytes, size_t len);

#endif
