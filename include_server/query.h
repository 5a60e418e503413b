/* include_server/query.h - a client's question, as bytes: CDIR, ARGC, ARGV... Pure. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_QUERY_H
#define INCLUDE_SERVER_QUERY_H

#include "base/argv.h"
#include "base/err.h"
#include "base/str.h"

enum { QUERY_BYTES_MAX = 16 << 20 };	/* the kernel's own limit for a command is 2 MB */

/* 1: complete; 0: more is to come; -1 with ERR_PROTOCOL: it is none. With argv, which needs a complete one, also
 * *cwd, to be freed, and the words. */
int query_parse(const struct buf *in, char **cwd, struct argv *argv, struct err *err);

#endif
