/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection that is given away hears its server and nobody else, on IPv4 and IPv6. */
#include "test/unit/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "gateway/handoff.h"

static const struct proof_result no_proofs[PROOF_N];

static int listen_on(const char *address, struct sock_addr *at)
{
	int fd;

	memset(at, 0, sizeof(*at));
	if (strchr(address, ':')) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&at->storage;

		in6->sin6_family = AF_INET6;
		inet_pton(AF_INET6, address, &in6->sin6_addr);
		at->len = sizeof(*in6);
	} else {
		struct sockaddr_in *in = (struct sockaddr_in *)&at->storage;

		in->sin_family = AF_INET;
		inet_pton(AF_INET, address, &in->sin_addr);
		at->len = sizeof(*in);
	}
	fd = socket(at->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at->storage, at->len), 0);
	assert_int_equal(listen(fd, 1), 0);
	getsockname(fd, (struct sockaddr *)&at->storage, &at->len);
	return fd;
}

static int connect_to(const struct sock_addr *at)
{
	int fd = socket(at->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&at->storage, at->len), 0);
	return fd;
}

/* Disconnects, and connects elsewhere: does that get an answer? Loopback answers at once or never. */
static bool reaches(int fd, const struct sock_addr *elsewhere)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	struct pollfd poll_fd = { fd, POLLOUT, 0 };
	int failure = 0;
	socklen_t len = sizeof(failure);

	assert_int_equal(connect(fd, &nowhere, sizeof(nowhere)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (connect(fd, (const struct sockaddr *)&elsewhere->storage, elsewhere->len) == 0)
		return true;
	if (errno != EINPROGRESS || poll(&poll_fd, 1, 300) != 1)
		return false;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len);
	return failure == 0;
}

static void check_family(const char *address)
{
	struct sock_addr server, elsewhere;
	autoclose int listener = listen_on(address, &server);
	autoclose int other = listen_on(address, &elsewhere);
	autoclose int open_fd = connect_to(&server), shut_fd = connect_to(&server);
	autoclose int first = accept4(listener, NULL, NULL, SOCK_CLOEXEC), peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct err err = ERR_INIT;
	char answer[4];
	int off = 0;

	assert_true(other >= 0);
	assert_ok(handoff_secure(shut_fd, no_proofs, true, &err));
	assert_int_equal(write(peer, "DONE", 4), 4);
	assert_int_equal(read(shut_fd, answer, 4), 4);
	assert_int_equal(setsockopt(shut_fd, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof(off)), -1);
	assert_int_equal(errno, EPERM);
	/* without the filter the escape works: that is what makes the next line mean something */
	assert_true(reaches(open_fd, &elsewhere));
	assert_false(reaches(shut_fd, &elsewhere));
	fd_close(&first);
}

static void a_filtered_ipv4_socket_hears_only_its_server(void **state)
{
	(void)state;
	check_family("127.0.0.1");
}

static void a_filtered_ipv6_socket_hears_only_its_server(void **state)
{
	(void)state;
	check_family("::1");
}

static void a_unix_socket_needs_nothing(void **state)
{
	struct err err = ERR_INIT;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_ok(handoff_secure(pair[0], no_proofs, true, &err));
	assert_true(handoff_is_used(pair[0]));
	close(pair[0]);
	close(pair[1]);
}

static void the_first_byte_sent_makes_a_connection_used(void **state)
{
	struct sock_addr server;
	autoclose int listener = -1, fd = -1, peer = -1;
	char byte;

	(void)state;
	listener = listen_on("127.0.0.1", &server);
	fd = connect_to(&server);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_false(handoff_is_used(fd));
	assert_int_equal(write(fd, "DIST", 4), 4);
	assert_int_equal(read(peer, &byte, 1), 1);
	assert_true(handoff_is_used(fd));
	fd_close(&listener);
	fd_close(&fd);
	fd_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_filtered_ipv4_socket_hears_only_its_server),
		CHECK(a_filtered_ipv6_socket_hears_only_its_server),
		CHECK(a_unix_socket_needs_nothing),
		CHECK(the_first_byte_sent_makes_a_connection_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
