/* test/unit/test-socks-client.c - through a proxy: the bytes, the answers, and proxies that lie. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/mem.h"
#include "base/str.h"
#include "net/dial.h"
#include "net/socks.h"
#include "test/unit/peer.h"

#define GREETING BYTES("\x05\x01\x00")
#define GREETED BYTES("\x05\x00")
#define CONNECT_FARM1 BYTES("\x05\x01\x00\x03\x05" "farm1" "\x0e\x30")		/* port 3632 */

static const struct {
	struct step steps[2];
	size_t n_steps;
	const char *words;		/* of the failure, or NULL */
	enum err_code code;
} rows[] = {
	{ { { GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00") } }, 2, NULL, ERR_NONE },
	{ { { GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\x00\x00\x04" "0123456789abcdef" "\x00\x00") } }, 2, NULL, ERR_NONE },
	{ { { GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\x00\x00\x03\x04" "name" "\x00\x00") } }, 2, NULL, ERR_NONE },
	{ { { GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\x00\x00\x03\x00\x00\x00") } }, 2, NULL, ERR_NONE },
	{ { { GREETING, BYTES("\x05\xff") } }, 1, "wants a method that we do not offer", ERR_CONNECT },
	{ { { GREETING, BYTES("\x04\x00") } }, 1, "wants a method", ERR_CONNECT },
	{ { { GREETING, BYTES("") } }, 1, "unexpected end of input", ERR_CONNECT },
	{ { { GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00") } }, 2, "not allowed: no configured server", ERR_CONNECT },
	{ { { GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00") } }, 2, "connection refused", ERR_CONNECT },
	{ { { GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\xee\x00\x01\x00\x00\x00\x00\x00\x00") } }, 2, "unknown reply", ERR_CONNECT },
	{ { { GREETING, GREETED }, { CONNECT_FARM1, BYTES("HTTP/1.0 400") } }, 2, "unknown reply", ERR_CONNECT },
	{ { { GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\x00\x00\x07\x00\x00\x00\x00\x00\x00") } }, 2, "address type 7", ERR_CONNECT },
	{ { { GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\x00\x00\x01\x00\x00\x00") } }, 2, "unexpected end", ERR_CONNECT },
};

static void a_proxy_is_spoken_to_as_gentoos_client_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofree char *path = str_format("%s/%zu", check_dir, i);
		struct peer peer = peer_start(path, rows[i].steps, rows[i].n_steps);
		struct err err = ERR_INIT;
		autoclose int fd = -1;
		char byte;

		if (rows[i].words) {
			assert_fails(socks_connect(path, "farm1", 3632, deadline_after_ms(PEER_MS), &fd, &err), rows[i].code, rows[i].words);
			assert_non_null(strstr(err.text, "to farm1:3632: "));
			assert_int_equal(fd, -1);
		} else {
			assert_ok(socks_connect(path, "farm1", 3632, deadline_after_ms(PEER_MS), &fd, &err));
			/* the answer is read to its end and not beyond */
			assert_int_equal(fd_read_some(fd, &byte, 1, PEER_MS, &err), 0);
		}
		peer_end(peer);
	}
}

static void what_the_server_says_after_the_answer_is_left_to_the_job(void **state)
{
	static const struct step steps[] = {
		{ GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\x00\x00\x03\x02" "ab" "\x00\x00" "DONE") },
	};
	autofree char *path = str_format("%s/proxy", check_dir);
	struct peer peer = peer_start(path, steps, 2);
	struct err err = ERR_INIT;
	autoclose int fd = -1;
	char in[5] = "";

	(void)state;
	assert_ok(socks_connect(path, "farm1", 3632, deadline_after_ms(PEER_MS), &fd, &err));
	assert_ok(fd_read_full(fd, in, 4, PEER_MS, &err));
	assert_string_equal(in, "DONE");
	peer_end(peer);
}

static void what_cannot_work_is_said(void **state)
{
	char name[300];
	autofree char *path = str_format("%s/none", check_dir);
	struct err err = ERR_INIT;
	int fd = -1;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_fails(socks_connect(path, "h", 1, deadline_after_ms(PEER_MS), &fd, &err), ERR_CONNECT, "No such file");
	assert_fails(socks_connect("proxy:x", "h", 1, deadline_after_ms(PEER_MS), &fd, &err), ERR_CONNECT, "bad port in the proxy 'proxy:x'");
	assert_fails(socks_connect("127.0.0.1:0", "h", 1, deadline_after_ms(PEER_MS), &fd, &err), ERR_CONNECT, "bad port");
	{
		struct peer peer = peer_start(path, NULL, 0);

		assert_fails(socks_connect(path, name, 1, deadline_after_ms(PEER_MS), &fd, &err), ERR_CONNECT, "299 bytes is too long for SOCKS");
		peer_end(peer);
	}
}

static void tcp_hosts_take_the_proxy_and_unix_hosts_never(void **state)
{
	static const struct step steps[] = {
		{ GREETING, GREETED }, { CONNECT_FARM1, BYTES("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00") },
	};
	static const struct step raw[] = { { BYTES("DIST"), BYTES("DONE") } };
	autofree char *proxy = str_format("%s/proxy", check_dir), *socket_path = str_format("%s/raw", check_dir),
		*token = str_format("unix:%s,raw", socket_path);
	struct host_spec tcp, local;
	struct peer peer = peer_start(proxy, steps, 2);
	struct err err = ERR_INIT;
	autostream through = STREAM_INIT, direct = STREAM_INIT;

	(void)state;
	setenv("DISTCC_SOCKS_PROXY", proxy, 1);
	assert_ok(host_spec_parse(&tcp, "farm1", &err));
	assert_ok(dial(&tcp, deadline_after_ms(PEER_MS), &through, &err));
	assert_int_equal(through.in_fd, through.out_fd);
	peer_end(peer);
	peer = peer_start(socket_path, raw, 1);
	assert_ok(host_spec_parse(&local, token, &err));
	assert_ok(dial(&local, deadline_after_ms(PEER_MS), &direct, &err));
	assert_ok(fd_write_full(direct.out_fd, "DIST", 4, PEER_MS, &err));
	peer_end(peer);
	unsetenv("DISTCC_SOCKS_PROXY");
	host_spec_release(&tcp);
	host_spec_release(&local);
}

static void hosts_that_are_not_dialled_are_refused(void **state)
{
	static const struct { const char *token, *words; enum err_code code; } hosts[] = {
		{ "localhost", "is this machine", ERR_HOSTSPEC },
		{ "unix:/run/s", "is a gateway: it is asked for a lease", ERR_HOSTSPEC },
		{ "unix:/no/such/dir/s,raw", "host 'unix:/no/such/dir/s,raw': cannot connect to unix:/no/such/dir/s: No such file", ERR_CONNECT },
		{ "127.0.0.1:1", "host '127.0.0.1:1': connection refused: is distccd running there", ERR_CONNECT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct host_spec host;
		struct err err = ERR_INIT;
		autostream stream = STREAM_INIT;

		assert_ok(host_spec_parse(&host, hosts[i].token, &err));
		assert_fails(dial(&host, deadline_after_ms(PEER_MS), &stream, &err), hosts[i].code, hosts[i].words);
		assert_int_equal(stream.in_fd, -1);
		host_spec_release(&host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_IN_DIR(a_proxy_is_spoken_to_as_gentoos_client_does),
		CHECK_IN_DIR(what_the_server_says_after_the_answer_is_left_to_the_job),
		CHECK_IN_DIR(what_cannot_work_is_said),
		CHECK_IN_DIR(tcp_hosts_take_the_proxy_and_unix_hosts_never),
		CHECK(hosts_that_are_not_dialled_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
