/* test/unit/test-ssh.c - the command that reaches a distccd by ssh. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <fcntl.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/ssh.h"

static struct host_spec host_of(const char *token)
{
	struct host_spec host;
	struct err err = ERR_INIT;

	assert_ok(host_spec_parse(&host, token, &err));
	return host;
}
#define autohost __attribute__((cleanup(host_spec_release))) struct host_spec

static void the_command_is_that_of_distcc(void **state)
{
	static const struct { const char *token, *words, *command; } rows[] = {
		{ "@farm", NULL, "ssh farm distccd --inetd --enable-tcp-insecure" },
		{ "me@farm", NULL, "ssh -l me farm distccd --inetd --enable-tcp-insecure" },
		{ "me@farm/3:/opt/bin/distccd,lzo", NULL, "ssh -l me farm /opt/bin/distccd --inetd --enable-tcp-insecure" },
		{ "@farm", "rsh", "rsh farm distccd --inetd --enable-tcp-insecure" },
		{ "@farm", "  ssh  -p 99 -i 'a b' ", "ssh -p 99 -i \"'a\" \"b'\" farm distccd --inetd --enable-tcp-insecure" },
		{ "@farm", "   ", "ssh farm distccd --inetd --enable-tcp-insecure" },
		{ "me@farm,forward", NULL, "ssh -W localhost:3632 -l me farm" },
		{ "@farm,forward=99", "ssh -p 22", "ssh -p 22 -W localhost:99 farm" },
		/* the program and twelve words */
		{ "@farm", "ssh 1 2 3 4 5 6 7 8 9 10 11 12 13 14", "ssh 1 2 3 4 5 6 7 8 9 10 11 12 farm distccd --inetd --enable-tcp-insecure" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autohost host = host_of(rows[i].token);
		autoargv command = ARGV_INIT;
		struct err err = ERR_INIT;
		autofree char *text = NULL;

		assert_ok(ssh_command(&command, &host, rows[i].words, &err));
		text = argv_printable(&command);
		assert_string_equal(text, rows[i].command);
	}
}

/* No word of a host list reaches ssh as an option, wherever it stands: see also test-spec.c. */
static void words_of_the_host_list_are_not_options(void **state)
{
	static const char *const tokens[] = { "me@farm", "@farm:distccd", "a;b@$(x)", "a&b@`c`:d|e" };

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		autohost host = host_of(tokens[i]);
		autoargv command = ARGV_INIT;
		struct err err = ERR_INIT;

		assert_ok(ssh_command(&command, &host, NULL, &err));
		for (size_t n = 1; n + 2 < command.n; n++)		/* up to distccd's own options */
			assert_true(command.words[n][0] != '-' || (n == 1 && str_equal(command.words[n], "-l")));
	}
}

static void write_script(const char *path, const char *text)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void both_directions_are_one_socket_and_closing_ends_the_child(void **state)
{
	static const char expected[] = "-l me farm distccd --inetd --enable-tcp-insecure\nDIST";
	autofree char *script = str_format("%s/fake", check_dir);
	autohost host = host_of("me@farm");
	autostream stream = STREAM_INIT;
	struct err err = ERR_INIT;
	char in[sizeof(expected)] = "";

	(void)state;
	write_script(script, "#!/bin/sh\necho \"$*\"\nexec cat\n");
	assert_ok(ssh_start(&host, script, -1, &stream, &err));
	assert_int_equal(stream.in_fd, stream.out_fd);
	assert_ok(fd_write_full(stream.out_fd, "DIST", 4, 20000, &err));
	assert_ok(fd_read_full(stream.in_fd, in, sizeof(expected) - 1, 20000, &err));
	assert_string_equal(in, expected);
	stream_close(&stream);
	assert_int_equal(stream.child.pid, 0);
	stream_close(&stream);
}

static void a_missing_ssh_is_a_connect_error(void **state)
{
	autohost host = host_of("@farm");
	autostream stream = STREAM_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_fails(ssh_start(&host, "no-such-ssh", -1, &stream, &err), ERR_CONNECT, "failed to exec no-such-ssh");
	assert_int_equal(stream.in_fd, -1);
	assert_int_equal(stream.child.pid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(the_command_is_that_of_distcc),
		CHECK(words_of_the_host_list_are_not_options),
		CHECK_IN_DIR(both_directions_are_one_socket_and_closing_ends_the_child),
		CHECK(a_missing_ssh_is_a_connect_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
