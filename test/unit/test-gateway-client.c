/* test/unit/test-gateway-client.c - the client's side of a lease, against scripted gateways. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>

#include "base/fdpass.h"
#include "base/mem.h"
#include "base/str.h"
#include "hosts/spec.h"
#include "net/gateway.h"
#include "test/unit/peer.h"

/* A lease that is asked for already, and the gateway's end of its connection. */
static int connected(struct lease *lease)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	lease->fd = fds[0];
	assert_int_equal(fd_set_nonblocking(fds[0], true), 0);
	return fds[1];
}

static void say(int gateway, const char *text)
{
	assert_int_equal(write(gateway, text, strlen(text)), strlen(text));
}

static void assert_heard(int gateway, const char *text)
{
	char in[200] = "";

	assert_int_equal(fd_read_full(gateway, in, strlen(text), PEER_MS, NULL), 0);
	assert_string_equal(in, text);
}

/* With its length counted. */
static const char *message(const char *token, const char *payload)
{
	static char text[500];

	snprintf(text, sizeof(text), "%s%08zx%s", token, strlen(payload), payload);
	return text;
}

static void a_wish_is_told_in_one_go(void **state)
{
	static const struct { struct lease_wish wish; const char *payload; } rows[] = {
		{ { .kind = "compile", .allow_relay = true, .protocol_min = 1, .protocol_max = 2, .compiler = "gcc", .source = "a%b.c" },
		  "kind=compile\nmodes=relay\nproto=1,2\ncompiler=gcc\nsource=a%25b.c\n" },
		{ { .kind = "compile", .allow_relay = true, .allow_fd = true, .protocol_min = 2, .protocol_max = 2, .build = "b", .use = "a+b:99" },
		  "kind=compile\nmodes=relay,fd\nproto=2\nbuild=b\nuse=a+b:99\n" },
		{ { .kind = "compile", .allow_fd = true, .protocol_min = 1, .protocol_max = 2 }, "kind=compile\nmodes=fd\nproto=1,2\n" },
	};
	autofree char *path = str_format("%s/socket", check_dir), *token = str_format("unix:%s", path);
	struct host_spec host;
	struct err err = ERR_INIT;
	int listener = -1;

	(void)state;
	assert_ok(host_spec_parse(&host, token, &err));
	assert_ok(sock_listen_unix(path, 0600, (gid_t)-1, &listener, &err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autolease_conn lease = LEASE_INIT;
		autoclose int gateway = -1;

		assert_ok(lease_ask(&lease, host.path, &rows[i].wish, &err));
		gateway = accept(listener, NULL, NULL);
		assert_heard(gateway, "GATE00000001");
		assert_heard(gateway, message("WANT", rows[i].payload));
	}
	fd_close(&listener);
	host_spec_release(&host);
}

static void why_a_gateway_is_not_there_comes_with_the_remedy(void **state)
{
	static const struct { const char *name, *words; } rows[] = {
		{ "missing", "no such socket: is distcc-gateway running, and is the directory visible in this sandbox?" },
		{ "file/below", "no such socket" },
		{ "stale", "nobody listens: start distcc-gateway again, and bind its directory into the sandbox, not the socket file" },
		{ "datagram", "this is no stream socket" },
	};
	static const struct lease_wish wish = { .kind = "compile", .allow_relay = true, .protocol_min = 1, .protocol_max = 1 };
	struct sock_addr addr;
	struct err err = ERR_INIT;
	int stale = -1, file = open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600), datagram = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	fd_close(&file);
	assert_ok(sock_listen_unix("stale", 0600, (gid_t)-1, &stale, &err));
	fd_close(&stale);
	assert_ok(sock_addr_unix(&addr, "datagram", &err));
	assert_int_equal(bind(datagram, (struct sockaddr *)&addr.storage, addr.len), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofree char *token = str_format("unix:%s/%s", check_dir, rows[i].name);
		autolease_conn lease = LEASE_INIT;
		struct host_spec host;

		assert_ok(host_spec_parse(&host, token, &err));
		assert_fails(lease_ask(&lease, host.path, &wish, &err), ERR_CONNECT, rows[i].words);
		assert_true(str_starts_with(err.text, token));
		host_spec_release(&host);
	}
	fd_close(&datagram);
}

static void a_relay_grant_follows_any_number_of_waits(void **state)
{
	autolease_conn lease = LEASE_INIT;
	autoclose int gateway = connected(&lease);
	struct err err = ERR_INIT;

	(void)state;
	say(gateway, message("WAIT", "position=2\n"));
	say(gateway, message("WAIT", ""));
	say(gateway, message("GRNT", "lease=7\nserver=farm1:99/4,lzo\nmode=relay\nproto=2\nfuture=x\n"));
	assert_ok(lease_ready(&lease, 1234, &err));
	assert_heard(gateway, message("REDY", "size=1234\n"));
	assert_int_equal(lease.id, 7);
	assert_string_equal(lease.server, "farm1:99/4,lzo");
	assert_int_equal(lease.mode, LEASE_RELAY);
	assert_int_equal(lease.protocol, 2);
	assert_int_equal(lease.job_fd, -1);
}

static void a_passed_descriptor_is_the_job_s(void **state)
{
	autolease_conn lease = LEASE_INIT;
	autoclose int gateway = connected(&lease), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const char *grant = message("GRNT", "mode=fd\nproto=1\n");
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(fdpass_send(gateway, grant, strlen(grant), null), strlen(grant));
	assert_ok(lease_await(&lease, &err));
	assert_int_equal(lease.mode, LEASE_FD);
	assert_true(lease.job_fd >= 0);
	assert_ok(lease_result(&lease, "transport-failed", 10, 0, 5, &err));
	assert_int_equal(lease.job_fd, -1);
	assert_heard(gateway, message("RSLT", "result=transport-failed\nsent=10\nreceived=0\nms=5\n"));
	/* another server's turn: this time by relay */
	say(gateway, message("GRNT", "mode=relay\nproto=1\n"));
	assert_ok(lease_await(&lease, &err));
	assert_int_equal(lease.mode, LEASE_RELAY);
}

/* The common end of each test counts the descriptors. */
static void descriptors_nobody_asked_for_are_closed(void **state)
{
	autolease_conn lease = LEASE_INIT;
	autoclose int gateway = connected(&lease), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(fdpass_send(gateway, "WAIT00000000", 12, null), 12);
	assert_int_equal(fdpass_send(gateway, "WAIT00000000", 12, null), 12);
	say(gateway, message("GRNT", "mode=relay\nproto=1\n"));
	assert_ok(lease_await(&lease, &err));
	assert_int_equal(lease.job_fd, -1);
	assert_int_equal(fdpass_send(gateway, "WAIT00000000DONE", 16, null), 16);
	assert_int_equal(lease_await_reply(&lease, &err), 1);
}

static void a_denial_has_its_reason_and_its_sentence(void **state)
{
	autolease_conn lease = LEASE_INIT;
	autoclose int gateway = connected(&lease);
	struct err err = ERR_INIT;

	(void)state;
	say(gateway, message("DENY", "reason=no-server\ntext=no server fits use=farm9\n"));
	fd_close(&gateway);		/* as the gateway does: the message counts, not EPIPE */
	signal(SIGPIPE, SIG_IGN);
	assert_fails(lease_ready(&lease, 1, &err), ERR_NO_HOSTS, "no server fits use=farm9 (reason=no-server)");
}

static void a_gateway_that_talks_nonsense_is_not_believed(void **state)
{
	static const struct { const char *token, *payload, *words; enum err_code code; } rows[] = {
		{ "GRNT", "", "granted without saying what", ERR_PROTOCOL },
		{ "GRNT", "mode=relay\n", "granted without saying what", ERR_PROTOCOL },
		{ "GRNT", "mode=relay\nproto=4\n", "granted without saying what", ERR_PROTOCOL },
		{ "GRNT", "mode=relay\nproto=3\n", "protocol 3, which nobody asked for", ERR_PROTOCOL },
		{ "GRNT", "mode=magic\nproto=1\n", "a mode that we do not know", ERR_PROTOCOL },
		{ "GRNT", "mode=fd\nproto=1\n", "granted a descriptor and sent none", ERR_PROTOCOL },
		{ "WANT", "kind=compile\n", "said WANT out of turn", ERR_PROTOCOL },
		{ "TEXT", "x", "said TEXT out of turn", ERR_PROTOCOL },
		{ "HELO", "", "does not speak our protocol: message HELO is not known", ERR_PROTOCOL },
		{ "WAIT", "position\n", "does not speak our protocol", ERR_PROTOCOL },
		{ "DENY", "", "no explanation (reason=none)", ERR_NO_HOSTS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autolease_conn lease = LEASE_INIT;
		autoclose int gateway = connected(&lease);
		struct err err = ERR_INIT;

		lease.protocol_max = 2;
		say(gateway, message(rows[i].token, rows[i].payload));
		assert_fails(lease_await(&lease, &err), rows[i].code, rows[i].words);
	}
}

static void silence_and_an_end_are_told_apart(void **state)
{
	autolease_conn silent = LEASE_INIT, ended = LEASE_INIT;
	autoclose int one = connected(&silent), two = connected(&ended);
	struct err err = ERR_INIT;

	(void)state;
	silent.silence_ms = 10;
	say(one, "WAIT000000");
	assert_fails(lease_await(&silent, &err), ERR_TIMEOUT, "the gateway is silent");
	say(two, "WAIT000000");
	fd_close(&two);
	assert_fails(lease_await(&ended, &err), ERR_CONNECT, "the gateway went away: it closed the connection");
}

static void a_relayed_reply_begins_where_the_messages_end(void **state)
{
	autolease_conn lease = LEASE_INIT, denied = LEASE_INIT, odd = LEASE_INIT;
	autoclose int one = connected(&lease), two = connected(&denied), three = connected(&odd);
	struct err err = ERR_INIT;

	(void)state;
	say(one, message("WAIT", "position=0\n"));
	say(one, "WAIT00000000DONE00000001STAT");
	assert_int_equal(lease_await_reply(&lease, &err), 1);
	assert_string_equal(lease.in.data, "DONE00000001STAT");
	say(two, message("WAIT", "position=0\n"));
	say(two, message("DENY", "reason=attempts\ntext=five servers failed\n"));
	assert_fails(lease_await_reply(&denied, &err), ERR_NO_HOSTS, "five servers failed (reason=attempts)");
	say(three, message("GRNT", "mode=relay\nproto=1\n"));
	assert_fails(lease_await_reply(&odd, &err), ERR_PROTOCOL, "said GRNT instead of a reply");
}

static void a_question_gets_its_whole_answer(void **state)
{
	static const struct {
		struct bytes answer;
		const char *text, *words;
		enum err_code code;
	} rows[] = {
		{ BYTES("TEXT00000008slots=4\nTEXT0000000dfeatures=lzo\nTEXT00000000"), "slots=4\nfeatures=lzo\n", NULL, ERR_NONE },
		{ BYTES("TEXT00000000"), "", NULL, ERR_NONE },
		{ BYTES("TEXT00000008slots=4\n"), NULL, "it closed the connection", ERR_CONNECT },
		{ BYTES("DENY0000001ereason=admission\ntext=not you\n"), NULL, "not you (reason=admission)", ERR_NO_HOSTS },
		{ BYTES("WAIT00000000"), NULL, "said WAIT instead of an answer", ERR_PROTOCOL },
		{ BYTES("NOPE00000000"), NULL, "does not speak our protocol", ERR_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct step steps[] = { { BYTES("GATE00000001SHOW00000016what=farm\nformat=text\n"), rows[i].answer } };
		const struct gateway_question question = { .what = "farm", .format = "text" };
		autofree char *path = str_format("%s/%zu", check_dir, i);
		struct peer peer = peer_start(path, steps, 1);
		struct err err = ERR_INIT;
		autobuf text = BUF_INIT;

		if (rows[i].text) {
			assert_ok(gateway_ask(path, &question, deadline_after_ms(PEER_MS), &text, &err));
			buf_add_str(&text, "");
			assert_string_equal(text.data, rows[i].text);
		} else {
			assert_fails(gateway_ask(path, &question, deadline_after_ms(PEER_MS), &text, &err), rows[i].code, rows[i].words);
		}
		peer_end(peer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_IN_DIR(a_wish_is_told_in_one_go),
		CHECK_IN_DIR(why_a_gateway_is_not_there_comes_with_the_remedy),
		CHECK(a_relay_grant_follows_any_number_of_waits),
		CHECK(a_passed_descriptor_is_the_job_s),
		CHECK(descriptors_nobody_asked_for_are_closed),
		CHECK(a_denial_has_its_reason_and_its_sentence),
		CHECK(a_gateway_that_talks_nonsense_is_not_believed),
		CHECK(silence_and_an_end_are_told_apart),
		CHECK(a_relayed_reply_begins_where_the_messages_end),
		CHECK_IN_DIR(a_question_gets_its_whole_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
