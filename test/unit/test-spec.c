/* test/unit/test-spec.c - one entry of a host list, in all its forms. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/mem.h"
#include "base/str.h"
#include "hosts/spec.h"

/* "tcp farm1:3632/4 lzo", "ssh me@farm/4 cmd=/x", "unix /run/s/0 raw": all that was understood. */
static char *describe(const struct host_spec *spec)
{
	struct buf out = BUF_INIT;

	switch (spec->kind) {
	case HOST_LOCAL:
		buf_add_format(&out, "local %s/%d", spec->name, spec->limit);
		break;
	case HOST_TCP:
		buf_add_format(&out, "tcp %s:%d/%d", spec->name, spec->port, spec->limit);
		break;
	case HOST_SSH:
		buf_add_format(&out, "ssh %s@%s/%d", spec->user ? spec->user : "", spec->name, spec->limit);
		break;
	case HOST_UNIX:
		buf_add_format(&out, "unix %s/%d", spec->path, spec->limit);
		break;
	}
	buf_add_format(&out, "%s%s%s%s%s%s%s", spec->has_limit ? " given" : "", spec->lzo ? " lzo" : "", spec->cpp ? " cpp" : "",
		       spec->down ? " down" : "", spec->raw ? " raw" : "", spec->want_fd ? " fd" : "", spec->want_relay ? " relay" : "");
	if (spec->auth)
		buf_add_format(&out, " auth=%s", spec->auth_name ? spec->auth_name : "");
	if (spec->use)
		buf_add_format(&out, " hosts=%s", spec->use);
	if (spec->forward)
		buf_add_format(&out, " forward=%s", spec->forward_to ? spec->forward_to : "");
	if (spec->command)
		buf_add_format(&out, " cmd=%s", spec->command);
	return buf_steal(&out);
}

static const struct {
	const char *token, *meaning;
} good[] = {
	/* this machine: exactly that word, or with a limit */
	{ "localhost", "local localhost/2" },
	{ "localhost/9", "local localhost/9 given" },
	{ "localhost:3632", "tcp localhost:3632/4" },
	{ "localhost,lzo", "tcp localhost:3632/4 lzo" },
	{ "localhostx", "tcp localhostx:3632/4" },
	{ "127.0.0.1", "tcp 127.0.0.1:3632/4" },
	/* TCP, with the limit before the port or after it; the last one counts */
	{ "farm1", "tcp farm1:3632/4" },
	{ "farm1:99", "tcp farm1:99/4" },
	{ "farm1/8", "tcp farm1:3632/8 given" },
	{ "farm1:99/8", "tcp farm1:99/8 given" },
	{ "farm1/8:99", "tcp farm1:99/8 given" },
	{ "farm1/8:99/7", "tcp farm1:99/7 given" },
	{ "farm1:65535/10000,lzo,cpp", "tcp farm1:65535/10000 given lzo cpp" },
	{ "farm1,cpp,lzo", "tcp farm1:3632/4 lzo cpp" },
	{ "farm1,lzo,lzo,down", "tcp farm1:3632/4 lzo down" },
	{ "farm1,auth", "tcp farm1:3632/4 auth=" },
	{ "farm1,auth=me.example", "tcp farm1:3632/4 auth=me.example" },
	{ "h,lzo/3", "tcp h:3632/3 given lzo" },
	{ "<none>,cpp,lzo", "tcp <none>:3632/4 lzo cpp" },
	{ "+zeroconfx", "tcp +zeroconfx:3632/4" },
	{ "-x", "tcp -x:3632/4" },
	/* IPv6 */
	{ "[::1]", "tcp ::1:3632/4" },
	{ "[fe80::1%eth0]:99/3,lzo", "tcp fe80::1%eth0:99/3 given lzo" },
	{ "[::1]/2:99/3", "tcp ::1:99/3 given" },
	/* ssh */
	{ "@farm", "ssh @farm/4" },
	{ "me@farm", "ssh me@farm/4" },
	{ "me@farm/6:/opt/distccd,lzo", "ssh me@farm/6 given lzo cmd=/opt/distccd" },
	{ "me@farm:3632", "ssh me@farm/4 cmd=3632" },
	{ "me@farm:distccd/5", "ssh me@farm/4 cmd=distccd/5" },
	{ "me@farm:", "ssh me@farm/4" },
	{ "me@farm/6,forward,lzo", "ssh me@farm/6 given lzo forward=" },
	{ "@farm,forward=3700", "ssh @farm/4 forward=3700" },
	{ "me@farm,forward=/run/distccd.sock,down", "ssh me@farm/4 down forward=/run/distccd.sock" },
	/* unix: is looked for before '@' */
	{ "unix:/run/distcc-gw/socket", "unix /run/distcc-gw/socket/0" },
	{ "unix:/run/distcc-gw.sock/24,lzo,cpp", "unix /run/distcc-gw.sock/24 given lzo cpp" },
	{ "unix:/run/me@home/s", "unix /run/me@home/s/0" },
	{ "unix:/run/a:b/s", "unix /run/a:b/s/0" },
	{ "unix:/run/s,raw", "unix /run/s/0 raw" },
	{ "unix:/run/s/1,fd", "unix /run/s/1 given fd" },
	{ "unix:/run/s,relay,lzo", "unix /run/s/0 lzo relay" },
	{ "unix:/run/s,hosts=farm1+farm2:99", "unix /run/s/0 hosts=farm1+farm2:99" },
	{ "unix:/run/s,relay,raw", "unix /run/s/0 raw relay" },
	{ "unix:/s", "unix /s/0" },
	{ "unix:/7", "unix /7/0" },
	{ "unix:/run/7x", "unix /run/7x/0" },
};

static void good_entries_mean_what_the_manual_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct host_spec spec, copy;
		struct err err = ERR_INIT;
		autofree char *meaning = NULL, *copied = NULL;

		assert_ok(host_spec_parse(&spec, good[i].token, &err));
		assert_string_equal(spec.text, good[i].token);
		meaning = describe(&spec);
		assert_string_equal(meaning, good[i].meaning);
		host_spec_copy(&copy, &spec);
		host_spec_release(&spec);
		copied = describe(&copy);
		assert_string_equal(copied, good[i].meaning);
		host_spec_release(&copy);
		host_spec_release(&copy);
	}
}

static const struct {
	const char *token, *words;
} bad[] = {
	{ "", "hostname is required in tcp host specification" },
	{ ":", "hostname is required in tcp host specification" },
	{ ":99", "hostname is required" },
	{ "/4", "hostname is required" },
	{ ",lzo", "hostname is required" },
	{ "h:", "invalid tcp port specification: bad port ''" },
	{ "h:x", "bad port" },
	{ "h:0", "a number from 1 to 65535 is needed" },
	{ "h:65536", "bad port '65536'" },
	{ "h:-1", "bad port '-1'" },
	{ "h:99x", "cannot understand 'x' at the end" },
	{ "h::99", "bad port" },
	{ "h/0", "bad limit '0': a number from 1 to 10000 is needed" },
	{ "h/-1", "bad limit '-1'" },
	{ "h/10001", "bad limit" },
	{ "h/", "bad limit ''" },
	{ "h/99999999999999999999", "bad limit" },
	{ "localhost/0", "bad limit" },
	{ "localhost/2x", "cannot understand 'x'" },
	{ "h#x", "put a blank before a comment" },
	{ "h,zip", "unrecognized option in host specification: ',zip'" },
	{ "h,", "unrecognized option in host specification: ','" },
	{ "h,lzox", "unrecognized option" },
	{ "h,lzo/0", "bad limit" },
	{ "h,lzo=1", "option ',lzo' takes no value" },
	{ "h,cpp", "pump mode (',cpp') requires compression (',lzo')" },
	{ "h,raw", "option ',raw' is for unix: hosts only" },
	{ "h,fd", "is for unix: hosts only" },
	{ "h,hosts=a", "is for unix: hosts only" },
	{ "[::1", "IPv6 Hostname requires closing ']'" },
	{ "[::1,lzo", "IPv6 Hostname requires closing ']'" },
	{ "[]", "hostname is required" },
	{ "[::1]x", "cannot understand 'x'" },
	{ "--randomise", "this is no keyword of a host list" },
	{ "@", "hostname is required in SSH host specification" },
	{ "user@", "hostname is required in SSH host specification" },
	{ "u@h/0", "bad limit" },
	{ "u@h,forward=0", "a port from 1 to 65535 or the /PATH" },
	{ "u@h,forward=http", "a port from 1 to 65535 or the /PATH" },
	{ "u@h,forward=/a:b", "a port from 1 to 65535 or the /PATH" },
	{ "u@h:distccd,forward", "with ',forward' no command is run" },
	{ "h,forward", "is for ssh hosts only" },
	/* an option of ssh in disguise: -oProxyCommand=... runs a program */
	{ "-oProxyCommand=x@h", "begins with '-' would be an option of ssh" },
	{ "u@-oProxyCommand=x", "begins with '-' would be an option of ssh" },
	{ "@-Fx", "begins with '-' would be an option of ssh" },
	{ "u@h:-oProxyCommand=x", "begins with '-' would be an option of ssh" },
	/* unix: */
	{ "unix:@name", "abstract sockets belong to a network namespace and do not reach into a sandbox" },
	{ "unix:run/s", "unix: needs an absolute path" },
	{ "unix:", "unix: needs an absolute path" },
	{ "unix:/run/s/0", "bad limit '0'" },
	{ "unix:/run/s/99999", "bad limit '99999'" },
	{ "unix:/run/s,zip", "unrecognized option" },
	{ "unix:/run/s,hosts", "option ',hosts' needs a value" },
	{ "unix:/run/s,hosts=", "option ',hosts' needs a value" },
	{ "unix:/run/s,fd,relay", "',fd' excludes ',relay' and ',raw'" },
	{ "unix:/run/s,raw,fd", "',fd' excludes" },
	{ "unix:/run/s,raw,hosts=a", "excludes ',raw'" },
	{ "unix:/run/s,cpp", "requires compression" },
};

static void bad_entries_are_refused_with_the_remedy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct host_spec spec;
		struct err err = ERR_INIT;
		autofree char *prefix = str_format("host '%s': ", bad[i].token);

		assert_fails(host_spec_parse(&spec, bad[i].token, &err), ERR_HOSTSPEC, bad[i].words);
		if (!strchr(bad[i].token, '\''))
			assert_true(str_starts_with(err.text, prefix));
		assert_null(spec.text);
	}
}

static void a_socket_path_fits_or_is_refused(void **state)
{
	char token[5 + 108 + 4 + 1] = "unix:";
	struct host_spec spec;
	struct err err = ERR_INIT;

	(void)state;
	memset(token + 5, '/', 1);
	memset(token + 6, 'p', 106);
	strcpy(token + 5 + 107, "/24");		/* the limit is no part of it */
	assert_ok(host_spec_parse(&spec, token, &err));
	assert_int_equal(strlen(spec.path), 107);
	assert_int_equal(spec.limit, 24);
	host_spec_release(&spec);
	strcpy(token + 5 + 107, "p");
	assert_fails(host_spec_parse(&spec, token, &err), ERR_HOSTSPEC, "socket path of 108 bytes, at most 107 are possible: use a shorter directory");
}

static void a_protocol_follows_from_the_options(void **state)
{
	static const struct { const char *token; int protocol; } rows[] = {
		{ "h", 1 }, { "h,lzo", 2 }, { "h,lzo,cpp", 3 }, { "localhost", 1 }, { "unix:/s,lzo", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_spec spec;
		struct err err = ERR_INIT;

		assert_ok(host_spec_parse(&spec, rows[i].token, &err));
		assert_int_equal(host_spec_protocol(&spec), rows[i].protocol);
		host_spec_release(&spec);
	}
}

/* Names of files that stock clients make, too. */
static void files_are_named_as_distcc_names_them(void **state)
{
	static const struct { const char *token, *cpu; } rows[] = {
		{ "localhost/3", "cpu_localhost" }, { "farm1", "cpu_tcp_farm1_3632" }, { "farm1:99/8,lzo", "cpu_tcp_farm1_99" },
		{ "[::1]:99", "cpu_tcp_::1_99" }, { "me@farm:/opt/distccd", "cpu_ssh_farm" }, { "@farm", "cpu_ssh_farm" },
		{ "unix:/run/distcc-gw/socket", "cpu_unix__run_distcc-gw_socket" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_spec spec;
		struct err err = ERR_INIT;
		autofree char *stem = NULL;

		assert_ok(host_spec_parse(&spec, rows[i].token, &err));
		stem = host_spec_file_stem(&spec, "cpu");
		assert_string_equal(stem, rows[i].cpu);
		host_spec_release(&spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(good_entries_mean_what_the_manual_says),
		CHECK(bad_entries_are_refused_with_the_remedy),
		CHECK(a_socket_path_fits_or_is_refused),
		CHECK(a_protocol_follows_from_the_options),
		CHECK(files_are_named_as_distcc_names_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
