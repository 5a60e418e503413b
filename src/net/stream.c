/* net/stream.c - see stream.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/stream.h"

#include "base/fd.h"

enum { CHILD_END_MS = 2000 };

void stream_close(struct stream *stream)
{
	int status;

	if (stream->out_fd != stream->in_fd)
		fd_close(&stream->out_fd);
	fd_close(&stream->in_fd);
	stream->out_fd = -1;
	/* ssh ends when its input does; one that hangs must not hold the job up. */
	if (stream->child.pid > 0 &&
	    proc_wait(&stream->child, deadline_after_ms(CHILD_END_MS), &status, NULL, NULL) < 0)
		proc_kill(&stream->child);
}
