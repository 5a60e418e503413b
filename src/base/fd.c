/* base/fd.c - see fd.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

enum { COPY_CHUNK = 65536 };

void fd_autoclose(int *fd)
{
	fd_close(fd);
}

int fd_steal(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int fd_set_nonblocking(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int fd_set_cloexec(int fd, bool on)
{
	return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0);
}

int fd_wait(int fd, short events, struct deadline deadline)
{
	struct pollfd poll_fd = { fd, events, 0 };
	int n;

	do {
		n = poll(&poll_fd, 1, deadline_poll_ms(deadline));
	} while (n < 0 && errno == EINTR);
	return n > 0 ? poll_fd.revents : n;
}

static struct deadline idle_deadline(int idle_ms)
{
	return idle_ms < 0 ? deadline_never() : deadline_after_ms(idle_ms);
}

static int wait_progress(int fd, short events, int idle_ms, const char *what, struct err *err)
{
	int n = fd_wait(fd, events, idle_deadline(idle_ms));

	if (n < 0)
		return err_sys(err, ERR_IO, "cannot wait to %s", what);
	if (n == 0)
		return err_set(err, ERR_TIMEOUT, "nothing to %s for %d s", what, (idle_ms + 999) / 1000);
	return 0;
}

/* A blocking descriptor is only read and written after poll(2) said so: that is what makes the
 * idle limit hold there. */
ssize_t fd_read_some(int fd, void *bytes, size_t len, int idle_ms, struct err *err)
{
	for (;;) {
		ssize_t n;

		if (wait_progress(fd, POLLIN, idle_ms, "read", err) < 0)
			return -1;
		n = read(fd, bytes, len);
		if (n >= 0)
			return n;
		if (errno != EINTR && errno != EAGAIN)
			return err_sys(err, ERR_IO, "failed to read");
	}
}

int fd_read_full(int fd, void *bytes, size_t len, int idle_ms, struct err *err)
{
	char *to = bytes;

	while (len) {
		ssize_t n = fd_read_some(fd, to, len, idle_ms, err);

		if (n < 0)
			return -1;
		if (n == 0)
			return err_set(err, ERR_TRUNCATED, "unexpected end of input, %zu bytes missing", len);
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_write_full(int fd, const void *bytes, size_t len, int idle_ms, struct err *err)
{
	struct iovec vec = { (void *)(uintptr_t)bytes, len };

	return fd_writev_full(fd, &vec, 1, idle_ms, err);
}

int fd_writev_full(int fd, struct iovec *vec, int n_vecs, int idle_ms, struct err *err)
{
	/* Without a limit a write may block as long as it likes. */
	int flags = idle_ms < 0 ? -1 : fcntl(fd, F_GETFL);
	bool blocking = flags >= 0 && !(flags & O_NONBLOCK);

	while (n_vecs) {
		ssize_t n;

		if (!vec->iov_len) {
			vec++;
			n_vecs--;
			continue;
		}
		if (blocking && wait_progress(fd, POLLOUT, idle_ms, "write", err) < 0)
			return -1;
		n = writev(fd, vec, n_vecs);
		if (n < 0 && errno == EAGAIN) {
			if (wait_progress(fd, POLLOUT, idle_ms, "write", err) < 0)
				return -1;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, ERR_IO, "failed to write");
		for (; n_vecs && (size_t)n >= vec->iov_len; vec++, n_vecs--)
			n -= (ssize_t)vec->iov_len;
		if (n_vecs) {
			vec->iov_base = (char *)vec->iov_base + n;
			vec->iov_len -= (size_t)n;
		}
	}
	return 0;
}

int fd_send_file(int to_fd, int from_fd, size_t len, int idle_ms, struct err *err)
{
	off_t offset = 0;

	while ((size_t)offset < len) {
		ssize_t n;

		if (wait_progress(to_fd, POLLOUT, idle_ms, "write", err) < 0)
			return -1;
		n = sendfile(to_fd, from_fd, &offset,
			     len - (size_t)offset < COPY_CHUNK * 4 ? len - (size_t)offset :
								     COPY_CHUNK * 4);
		if (n == 0)
			return err_set(err, ERR_TRUNCATED, "the file became shorter while it was sent");
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return err_sys(err, ERR_IO, "failed to write");
	}
	return 0;
}

int fd_read_all(int fd, size_t max_len, struct buf *out, struct err *err)
{
	struct stat st;
	size_t chunk = COPY_CHUNK;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 && (uint64_t)st.st_size <= max_len)
		chunk = (size_t)st.st_size + 1;
	for (;;) {
		ssize_t n = read(fd, buf_reserve(out, chunk), chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, ERR_IO, "failed to read");
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		if (out->len > max_len)
			return err_set(err, ERR_MEMORY, "larger than %zu bytes", max_len);
		if (n == 0)
			return 0;
		/* A regular file ends here, most likely: what room is left will do to see that. */
		chunk = out->capacity - out->len - 1;
		if (!chunk)
			chunk = COPY_CHUNK;
	}
}

int file_read(const char *path, size_t max_len, struct buf *out, struct err *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, ERR_IO, "cannot open '%s'", path);
	if (fd_read_all(fd, max_len, out, err) < 0)
		return err_prefix(err, "%s", path);
	return 0;
}
