/* test/unit/test-sock.c - addresses, listening, connecting, and who is at the other end. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/sock.h"
#include "base/str.h"

static struct sock_addr address(const char *host, int port)
{
	autofree struct sock_addr *addrs = NULL;
	struct err err = ERR_INIT;
	size_t n = 0;

	assert_ok(sock_resolve(host, port, &addrs, &n, &err));
	assert_true(n >= 1);
	return addrs[0];
}

static void addresses_read_as_people_write_them(void **state)
{
	static const struct { const char *host, *text; } rows[] = {
		{ "127.0.0.1", "127.0.0.1:3632" }, { "::1", "[::1]:3632" }, { "::ffff:10.1.2.3", "10.1.2.3:3632" },
		{ "2001:db8::7", "[2001:db8::7]:3632" },
	};
	struct sock_addr unix_addr, unknown;
	struct err err = ERR_INIT;
	char text[SOCK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sock_addr addr = address(rows[i].host, 3632);

		assert_string_equal(sock_addr_format(&addr, text), rows[i].text);
	}
	assert_ok(sock_addr_unix(&unix_addr, "/run/x", &err));
	assert_string_equal(sock_addr_format(&unix_addr, text), "unix:/run/x");
	memset(&unknown, 0, sizeof(unknown));
	assert_string_equal(sock_addr_format(&unknown, text), "unknown address");
	unix_addr.len = sizeof(sa_family_t);		/* a peer that is bound to no name */
	assert_string_equal(sock_addr_format(&unix_addr, text), "unix:");
}

static void equal_is_address_and_port(void **state)
{
	struct sock_addr a = address("127.0.0.1", 1), mapped = address("::ffff:127.0.0.1", 1), port = address("127.0.0.1", 2),
		six = address("::1", 1), x, y;

	(void)state;
	assert_true(sock_addr_equal(&a, &mapped));
	assert_false(sock_addr_equal(&a, &port));
	assert_false(sock_addr_equal(&a, &six));
	assert_true(sock_addr_equal(&six, &six));
	assert_int_equal(sock_addr_unix(&x, "/a", NULL) | sock_addr_unix(&y, "/b", NULL), 0);
	assert_true(sock_addr_equal(&x, &x));
	assert_false(sock_addr_equal(&x, &y));
	sock_addr_unmap(&mapped);
	assert_int_equal(mapped.storage.ss_family, AF_INET);
}

static void a_path_that_is_too_long_is_refused_and_not_cut(void **state)
{
	struct sock_addr addr;
	struct err err = ERR_INIT;
	char path[109];

	(void)state;
	memset(path, 'p', sizeof(path));
	path[107] = '\0';
	assert_ok(sock_addr_unix(&addr, path, &err));
	path[107] = 'p';
	path[108] = '\0';
	assert_fails(sock_addr_unix(&addr, path, &err), ERR_HOSTSPEC, "108 bytes, at most 107 are possible: use a shorter directory");
}

static void an_unknown_name_is_a_connect_error(void **state)
{
	autofree struct sock_addr *addrs = NULL;
	struct err err = ERR_INIT;
	size_t n = 7;

	(void)state;
	assert_fails(sock_resolve("no..such", 1, &addrs, &n, &err), ERR_CONNECT, "failed to resolve host no..such port 1");
}

static void a_unix_socket_appears_with_its_mode_and_connects(void **state)
{
	struct sock_addr addr;
	struct sock_cred cred;
	struct err err = ERR_INIT;
	struct stat st;
	int listener = -1, client = -1, served;

	(void)state;
	assert_ok(sock_listen_unix("socket", 0640, (gid_t)-1, &listener, &err));
	assert_int_equal(stat("socket", &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_ok(sock_addr_unix(&addr, "socket", &err));
	assert_ok(sock_connect(&addr, deadline_after_ms(10000), &client, &err));
	assert_int_equal(fcntl(client, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(client, F_GETFL) & O_NONBLOCK);
	served = accept(listener, NULL, NULL);
	assert_int_equal(sock_peer_cred(served, &cred), 0);
	assert_int_equal(cred.uid, getuid());
	assert_int_equal(cred.pid, getpid());
	assert_true(sock_peer_in_group(served, getgid()));
	assert_false(sock_peer_in_group(served, 4242));
	assert_int_equal(sock_tune_tcp(client), 0);
	fd_close(&served);
	fd_close(&client);
	assert_fails(sock_listen_unix("socket", 0600, (gid_t)-1, &served, &err), ERR_BIND, "already in use");
	fd_close(&listener);
}

static void a_stale_socket_is_replaced_and_a_file_is_not(void **state)
{
	struct err err = ERR_INIT;
	struct sock_addr addr;
	int listener = -1, fd = -1;

	(void)state;
	assert_ok(sock_listen_unix("socket", 0666, (gid_t)-1, &listener, &err));
	fd_close(&listener);
	assert_ok(sock_addr_unix(&addr, "socket", &err));
	assert_fails(sock_connect(&addr, deadline_after_ms(10000), &fd, &err), ERR_CONNECT, "Connection refused");
	assert_int_equal(err.sys_errno, ECONNREFUSED);
	assert_ok(sock_listen_unix("socket", 0666, (gid_t)-1, &listener, &err));
	assert_ok(sock_connect(&addr, deadline_after_ms(10000), &fd, &err));
	fd_close(&fd);
	fd_close(&listener);
	fd = open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	fd_close(&fd);
	assert_fails(sock_listen_unix("file", 0666, (gid_t)-1, &listener, &err), ERR_BIND, "something stands there that is no socket");
	assert_fails(sock_listen_unix("no/dir", 0666, (gid_t)-1, &listener, &err), ERR_BIND, "No such file");
	assert_int_equal(unlink("file") | unlink("socket"), 0);
	assert_int_equal(rmdir(check_dir), 0);		/* no temporary name is left */
	assert_int_equal(mkdir(check_dir, 0700) | chdir(check_dir), 0);
}

/* AF_UNIX says EAGAIN then, and wakes nobody when there is room again. */
static void a_full_backlog_is_waited_out_until_the_deadline(void **state)
{
	struct err err = ERR_INIT;
	struct sock_addr addr;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), first = -1, second = -1, fd = -1;

	(void)state;
	assert_ok(sock_addr_unix(&addr, "socket", &err));
	assert_int_equal(bind(listener, (struct sockaddr *)&addr.storage, addr.len) | listen(listener, 0), 0);
	assert_ok(sock_connect(&addr, deadline_after_ms(10000), &first, &err));
	assert_fails(sock_connect(&addr, deadline_after_ms(30), &second, &err), ERR_TIMEOUT, "its backlog is full");
	fd = accept(listener, NULL, NULL);
	assert_ok(sock_connect(&addr, deadline_after_ms(10000), &second, &err));
	fd_close(&fd);
	fd_close(&first);
	fd_close(&second);
	fd_close(&listener);
}

static void a_tcp_connection_is_tuned_and_a_refusal_has_its_cause(void **state)
{
	struct sock_addr addr = address("127.0.0.1", 0);
	struct err err = ERR_INIT;
	int listener = -1, fd = -1, value = 0;
	socklen_t len = sizeof(value);

	(void)state;
	assert_ok(sock_listen_tcp(&addr, &listener, &err));
	addr.len = sizeof(addr.storage);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr.storage, &addr.len), 0);
	assert_ok(sock_connect(&addr, deadline_after_ms(10000), &fd, &err));
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
	assert_true(value);
	value = 0;
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len), 0);
	assert_true(value);
	assert_fails(sock_listen_tcp(&addr, &value, &err), ERR_BIND, "bind of 127.0.0.1:");
	fd_close(&fd);
	fd_close(&listener);
	assert_fails(sock_connect(&addr, deadline_after_ms(10000), &fd, &err), ERR_CONNECT, "Connection refused");
	assert_int_equal(err.sys_errno, ECONNREFUSED);
	assert_int_equal(fd, -1);
}

static void a_started_connect_tells_its_result(void **state)
{
	struct sock_addr addr = address("127.0.0.1", 1);	/* tcpmux: nobody has it */
	int fd = -1, started = sock_connect_start(&addr, &fd);

	(void)state;
	if (started == 0) {
		fd_wait(fd, POLLOUT, deadline_after_ms(10000));
		assert_int_equal(sock_connect_result(fd), -1);
	}
	assert_int_equal(errno, ECONNREFUSED);
	fd_close(&fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(addresses_read_as_people_write_them),
		CHECK(equal_is_address_and_port),
		CHECK(a_path_that_is_too_long_is_refused_and_not_cut),
		CHECK(an_unknown_name_is_a_connect_error),
		CHECK_IN_DIR(a_unix_socket_appears_with_its_mode_and_connects),
		CHECK_IN_DIR(a_stale_socket_is_replaced_and_a_file_is_not),
		CHECK_IN_DIR(a_full_backlog_is_waited_out_until_the_deadline),
		CHECK(a_tcp_connection_is_tuned_and_a_refusal_has_its_cause),
		CHECK(a_started_connect_tells_its_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
