/* base/fdpass.c - see fdpass.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fdpass.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS_MAX = 253 };		/* the kernel's own limit for one message: room for all, so none is lost */

ssize_t fdpass_send(int sock, const void *bytes, size_t len, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec vec = { (void *)(size_t)bytes, len };
	struct msghdr message;

	memset(&message, 0, sizeof(message));
	message.msg_iov = &vec;
	message.msg_iovlen = 1;
	if (fd >= 0) {
		struct cmsghdr *header;

		memset(&control, 0, sizeof(control));
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(int));
	}
	return sendmsg(sock, &message, MSG_NOSIGNAL);
}

ssize_t fdpass_recv(int sock, void *bytes, size_t len, int *fd, int *n_refused)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
		struct cmsghdr align;
	} control;
	struct iovec vec = { bytes, len };
	struct msghdr message;
	int taken = -1, refused = 0;
	ssize_t n;

	memset(&message, 0, sizeof(message));
	message.msg_iov = &vec;
	message.msg_iovlen = 1;
	message.msg_control = control.bytes;
	message.msg_controllen = sizeof(control.bytes);
	if (fd)
		*fd = -1;
	n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC);
	if (n < 0)
		return n;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		size_t n_fds;

		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
			continue;
		n_fds = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n_fds; i++) {
			int one;

			memcpy(&one, CMSG_DATA(at) + i * sizeof(int), sizeof(int));
			if (fd && taken < 0) {
				taken = one;
			} else {
				close(one);
				refused++;
			}
		}
	}
	if (fd)
		*fd = taken;
	if (n_refused)
		*n_refused = refused;
	return n;
}
