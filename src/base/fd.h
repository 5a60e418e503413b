/* base/fd.h - descriptors: owning them, and whole reads and writes with an end to waiting. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "base/err.h"

void fd_autoclose(int *fd);
#define autoclose __attribute__((cleanup(fd_autoclose)))
int fd_steal(int *fd);				/* leaves -1 */
void fd_close(int *fd);				/* closes if >= 0, leaves -1, keeps errno */

int fd_set_nonblocking(int fd, bool on);	/* -1 and errno */
int fd_set_cloexec(int fd, bool on);

/*
 * An idle limit is progress: the clock starts anew after each byte that moved. So a slow peer
 * is no failure and a silent one ends: ERR_TIMEOUT. EOF before the end is ERR_TRUNCATED, other
 * failures are ERR_IO. The descriptor may be blocking or not. idle_ms < 0 means no limit.
 */
int fd_read_full(int fd, void *bytes, size_t len, int idle_ms, struct err *err);
/* Like read(2) after waiting: 0 is EOF, -1 with err set. */
ssize_t fd_read_some(int fd, void *bytes, size_t len, int idle_ms, struct err *err);
int fd_write_full(int fd, const void *bytes, size_t len, int idle_ms, struct err *err);
/* Changes the vector while it works. */
int fd_writev_full(int fd, struct iovec *vec, int n_vecs, int idle_ms, struct err *err);
/* Copies len bytes from offset 0 of a file to a stream. */
int fd_send_file(int to_fd, int from_fd, size_t len, int idle_ms, struct err *err);

/* poll(2) on one descriptor, restarted after signals: the revents, 0 when the deadline passed, -1. */
int fd_wait(int fd, short events, struct deadline deadline);

/* The whole of a file into memory: ERR_IO, or ERR_MEMORY when it holds more than max_len bytes. */
struct buf;
int fd_read_all(int fd, size_t max_len, struct buf *out, struct err *err);
int file_read(const char *path, size_t max_len, struct buf *out, struct err *err);

#endif
