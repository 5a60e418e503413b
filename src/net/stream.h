/* net/stream.h - a connected two-way stream to somebody who serves distcc jobs. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/err.h"
#include "base/proc.h"

struct stream {
	int in_fd, out_fd;	/* the same descriptor but for ssh over pipes; never half-closed */
	struct proc child;	/* ssh, or PROC_INIT */
};
#define STREAM_INIT { -1, -1, PROC_INIT }

/* Closes both; a child is given a moment to end, then killed. Safe on STREAM_INIT and twice. */
void stream_close(struct stream *stream);
#define autostream __attribute__((cleanup(stream_close))) struct stream

#endif
