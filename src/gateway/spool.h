/* gateway/spool.h - bytes on their way, kept for a replay: in memory up to a bound, then in a
 * nameless file. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SPOOL_H
#define GATEWAY_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

enum { SPOOL_MEMORY_MAX = 1 << 20, SPOOL_MEMORY_ALL_MAX = 64 << 20 };

/* What all spools of a gateway share. */
struct spool_pool {
	int dir_fd;			/* where nameless files are made */
	uint64_t memory, files;		/* bytes held now */
};

struct spool {
	struct spool_pool *pool;
	struct buf memory;
	int fd;				/* -1 while everything is in memory */
	uint64_t size;
};
#define SPOOL_INIT { NULL, BUF_INIT, -1, 0 }

void spool_init(struct spool *spool, struct spool_pool *pool);
void spool_release(struct spool *spool);
/* ERR_IO when the file cannot be made or written (a full disk). */
int spool_add(struct spool *spool, const char *bytes, size_t len, struct err *err);
/* Writes what stands at `offset` to a socket, as much as one write(2) takes: like write(2). 0: nothing left. */
ssize_t spool_send(struct spool *spool, uint64_t offset, int fd);

#endif
