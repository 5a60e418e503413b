/* test/unit/test-fdpass.c - descriptors over AF_UNIX: one is taken, all others are closed. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/fd.h"
#include "base/fdpass.h"

enum { KERNEL_MAX = 253 };

static void make_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

static void close_pair(int fds[2])
{
	fd_close(&fds[0]);
	fd_close(&fds[1]);
}

/* A hostile sender: n copies of one descriptor in one message. */
static void send_many(int sock, int n)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * KERNEL_MAX)];
		struct cmsghdr align;
	} control = { .bytes = "" };
	struct iovec vec = { "x", 1 };
	struct msghdr message = { .msg_iov = &vec, .msg_iovlen = 1, .msg_control = control.bytes,
				  .msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)n) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd = sock;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)n);
	for (int i = 0; i < n; i++)
		memcpy(CMSG_DATA(header) + (size_t)i * sizeof(int), &fd, sizeof(int));
	assert_int_equal(sendmsg(sock, &message, 0), 1);
}

static void a_descriptor_arrives_with_its_bytes_and_close_on_exec(void **state)
{
	int fds[2], fd = -1, refused = -1, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char in[8] = "";

	(void)state;
	make_pair(fds);
	assert_int_equal(fdpass_send(fds[0], "GRNT", 4, null), 4);
	assert_int_equal(fdpass_recv(fds[1], in, sizeof(in), &fd, &refused), 4);
	assert_string_equal(in, "GRNT");
	assert_true(fd >= 0);
	assert_int_equal(refused, 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd_close(&fd);
	fd_close(&null);
	close_pair(fds);
}

static void without_a_descriptor_it_is_recv(void **state)
{
	int fds[2], fd = 99, refused = -1;
	char in[8];

	(void)state;
	make_pair(fds);
	assert_int_equal(fdpass_send(fds[0], "ab", 2, -1), 2);
	assert_int_equal(fdpass_recv(fds[1], in, sizeof(in), &fd, &refused), 2);
	assert_int_equal(fd, -1);
	assert_int_equal(refused, 0);
	fd_close(&fds[0]);
	assert_int_equal(fdpass_recv(fds[1], in, sizeof(in), &fd, NULL), 0);
	close_pair(fds);
}

/* The common end of each test counts what stays open. */
static void of_the_most_that_the_kernel_passes_one_stays_open(void **state)
{
	int fds[2], fd = -1, refused = 0;
	char in[8];

	(void)state;
	make_pair(fds);
	send_many(fds[0], KERNEL_MAX);
	assert_int_equal(fdpass_recv(fds[1], in, sizeof(in), &fd, &refused), 1);
	assert_true(fd >= 0);
	assert_int_equal(refused, KERNEL_MAX - 1);
	fd_close(&fd);
	close_pair(fds);
}

static void who_wants_none_gets_none(void **state)
{
	int fds[2], refused = 0;
	char in[8];

	(void)state;
	make_pair(fds);
	send_many(fds[0], KERNEL_MAX);
	assert_int_equal(fdpass_recv(fds[1], in, sizeof(in), NULL, &refused), 1);
	assert_int_equal(refused, KERNEL_MAX);
	send_many(fds[0], 3);
	assert_int_equal(fdpass_recv(fds[1], in, sizeof(in), NULL, NULL), 1);
	close_pair(fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_descriptor_arrives_with_its_bytes_and_close_on_exec),
		CHECK(without_a_descriptor_it_is_recv),
		CHECK(of_the_most_that_the_kernel_passes_one_stays_open),
		CHECK(who_wants_none_gets_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
