/* gateway/spool.c - see spool.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/tmp.h"

enum { CHUNK = 65536 };

void spool_init(struct spool *spool, struct spool_pool *pool)
{
	*spool = (struct spool)SPOOL_INIT;
	spool->pool = pool;
}

void spool_release(struct spool *spool)
{
	if (spool->pool) {
		if (spool->fd >= 0)
			spool->pool->files -= spool->size;
		else
			spool->pool->memory -= spool->size;
	}
	buf_release(&spool->memory);
	fd_close(&spool->fd);
	spool->size = 0;
}

static int write_at(int fd, const char *bytes, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, bytes, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
		offset += (size_t)n;
	}
	return 0;
}

/* Relative to a descriptor that was opened before privileges dropped. */
static int open_file(int dir_fd)
{
#ifdef O_TMPFILE
	int fd = openat(dir_fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
#endif
	return tmp_memory("distcc-gateway-spool", NULL);
}

static int move_to_file(struct spool *spool, struct err *err)
{
	spool->fd = open_file(spool->pool->dir_fd);
	if (spool->fd < 0 || write_at(spool->fd, spool->memory.data, spool->memory.len, 0) < 0) {
		fd_close(&spool->fd);
		return err_sys(err, ERR_IO, "cannot keep a request of more than %llu bytes",
			       (unsigned long long)spool->size);
	}
	spool->pool->memory -= spool->size;
	spool->pool->files += spool->size;
	buf_release(&spool->memory);
	return 0;
}

int spool_add(struct spool *spool, const char *bytes, size_t len, struct err *err)
{
	struct spool_pool *pool = spool->pool;

	if (spool->fd < 0 &&
	    (spool->size + len > SPOOL_MEMORY_MAX || pool->memory + len > SPOOL_MEMORY_ALL_MAX) &&
	    move_to_file(spool, err) < 0)
		return -1;
	if (spool->fd < 0) {
		buf_add(&spool->memory, bytes, len);
		pool->memory += len;
	} else {
		if (write_at(spool->fd, bytes, len, spool->size) < 0)
			return err_sys(err, ERR_IO, "cannot keep %zu more bytes", len);
		pool->files += len;
	}
	spool->size += len;
	return 0;
}

ssize_t spool_send(struct spool *spool, uint64_t offset, int fd)
{
	char chunk[CHUNK];
	ssize_t n;

	if (offset >= spool->size)
		return 0;
	if (spool->fd < 0)
		return send(fd, spool->memory.data + offset, spool->memory.len - offset, MSG_NOSIGNAL);
	n = pread(spool->fd, chunk, sizeof(chunk), (off_t)offset);
	if (n <= 0) {
		if (n == 0)
			errno = EIO;
		return -1;
	}
	return send(fd, chunk, (size_t)n, MSG_NOSIGNAL);
}
