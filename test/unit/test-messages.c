/* test/unit/test-messages.c - the messages of two programs, as one compiler gives them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include <sys/stat.h>

#include "client/columns.h"
#include "client/messages.h"

static void assert_merged(const char *compiler, const char *here_text, const char *server_text, const char *expected)
{
	autobuf here = BUF_INIT, server = BUF_INIT, out = BUF_INIT;
	autoargv command = ARGV_INIT;
	struct scan scan;

	argv_add(&command, compiler);
	argv_add(&command, "-c");
	argv_add(&command, "a.c");
	scan_command(&scan, &command);
	buf_add_str(&here, here_text);
	buf_add_str(&server, server_text);
	messages_merge(&out, &here, &server, &scan);
	assert_string_equal(out.data ? out.data : "", expected);
	scan_release(&scan);
}

#define REDEFINED "a.c:2: warning: \"A\" redefined\n"
#define QUOTE "    2 | #define A 2\n      | \n"
#define NOTE "a.c:1: note: here\n"
#define UNDEF "a.c:3:5: warning: \"X\" is not defined\n"
#define UNUSED "a.c: In function 'f':\na.c:7:6: warning: unused variable\n"

static void one_voice_alone_is_left_as_it_is(void **state)
{
	(void)state;
	assert_merged("gcc", "", "", "");
	assert_merged("gcc", UNDEF, "", UNDEF);
	assert_merged("gcc", "", UNUSED, UNUSED);
}

static void a_message_of_both_is_shown_once_with_its_quote(void **state)
{
	(void)state;
	assert_merged("gcc", REDEFINED QUOTE NOTE, REDEFINED NOTE, REDEFINED QUOTE NOTE);
}

static void messages_come_in_the_order_of_the_source(void **state)
{
	(void)state;
	assert_merged("gcc", REDEFINED QUOTE NOTE UNDEF, REDEFINED NOTE UNUSED, REDEFINED QUOTE NOTE UNDEF UNUSED);
	assert_merged("gcc", "a.c:9:2: warning: late\n", UNUSED, UNUSED "a.c:9:2: warning: late\n");
}

static void clang_counts_anew(void **state)
{
	(void)state;
	assert_merged("clang", "a.c:2:9: warning: redefined\n1 warning generated.\n",
		      "a.c:2:9: warning: redefined\na.c:7:6: warning: unused\n2 warnings generated.\n",
		      "a.c:2:9: warning: redefined\na.c:7:6: warning: unused\n2 warnings generated.\n");
	assert_merged("clang", "a.c:2:5: warning: undef\n1 warning generated.\n", "a.c:7:6: warning: unused\n1 warning generated.\n",
		      "a.c:2:5: warning: undef\na.c:7:6: warning: unused\n2 warnings generated.\n");
}

#define COMMAND "cc1: warning: x: not a directory\n"
#define UNKNOWN "warning: unknown warning option '-Wx'\n"

static void what_concerns_the_command_comes_first_and_once(void **state)
{
	(void)state;
	assert_merged("gcc", COMMAND UNDEF, UNUSED, COMMAND UNDEF UNUSED);
	assert_merged("gcc", COMMAND, COMMAND UNUSED, COMMAND UNUSED);
	assert_merged("gcc", "a.c: warning: odd\n", UNUSED, "a.c: warning: odd\n" UNUSED);
	assert_merged("clang", UNKNOWN "1 warning generated.\n", UNKNOWN "1 warning generated.\n", UNKNOWN "1 warning generated.\n");
	assert_merged("clang", UNKNOWN "clang: warning: -lm: unused\n1 warning generated.\n",
		      UNKNOWN "a.c:7:6: warning: unused\n2 warnings generated.\n",
		      UNKNOWN "clang: warning: -lm: unused\na.c:7:6: warning: unused\n2 warnings generated.\n");
}

static void the_list_of_headers_stands_around_the_messages(void **state)
{
	(void)state;
	assert_merged("gcc", ". a.h\n.. b.h\nMultiple include guards may be useful for:\nb.h\n", UNUSED,
		      ". a.h\n.. b.h\n" UNUSED "Multiple include guards may be useful for:\nb.h\n");
	assert_merged("gcc", ". a.h\n" UNDEF "Multiple include guards may be useful for:\na.h\n", UNUSED,
		      ". a.h\n" UNDEF UNUSED "Multiple include guards may be useful for:\na.h\n");
}

static void a_driver_has_the_name_that_the_user_gave(void **state)
{
	autobuf here = BUF_INIT, server = BUF_INIT, out = BUF_INIT;
	autoargv command = ARGV_INIT;
	struct scan scan;

	(void)state;
	argv_add(&command, "gcc");
	argv_add(&command, "-c");
	argv_add(&command, "a.c");
	scan_command(&scan, &command);
	argv_replace(&scan.command, 0, "cpu-os-gcc");
	buf_add_str(&here, "cpu-os-gcc: warning: old\ncpu-os-gcc: x\n");
	buf_add_str(&server, "\033[01m\033[Kcpu-os-gcc:\033[m\033[K new\na.c:1:1: error: cpu-os-gcc: no");
	messages_merge(&out, &here, &server, &scan);
	assert_string_equal(out.data, "gcc: warning: old\ngcc: x\n\033[01m\033[Kgcc:\033[m\033[K new\na.c:1:1: error: cpu-os-gcc: no");
	scan_release(&scan);
}

static void columns_are_those_of_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(columns_of("\tx", 1, 8), 8);
	assert_int_equal(columns_of("  \tx", 3, 8), 8);
	assert_int_equal(columns_of("\t", 1, 4), 4);
	assert_int_equal(columns_of("abc", 3, 8), 3);
	assert_int_equal(columns_of("\303\274x", 2, 8), 1);
	assert_int_equal(columns_of("\344\270\255x", 3, 8), 2);
	assert_int_equal(columns_of("e\314\201x", 3, 8), 1);
	assert_int_equal(columns_of("\377x", 2, 8), 2);
	assert_int_equal(columns_of("\344\270", 2, 8), 2);
}

static void assert_converted(const char *option, const char *text, const char *expected)
{
	autobuf in = BUF_INIT, out = BUF_INIT;
	autoargv command = ARGV_INIT;

	argv_add(&command, "gcc");
	argv_add(&command, option);
	buf_add_str(&in, text);
	columns_convert(&out, &in, &command);
	assert_string_equal(out.data, expected);
}

static void columns_of_readable_sources_are_converted(void **state)
{
	FILE *file = fopen("s.c", "w");

	(void)state;
	fputs("int a;\n\tint b;\n", file);
	fclose(file);
	assert_converted("-c", "s.c:2:2: warning: b\n", "s.c:2:9: warning: b\n");
	assert_converted("-c", "s.c:1:2: note: a\ns.c:2:6: note: b\n", "s.c:1:2: note: a\ns.c:2:13: note: b\n");
	assert_converted("-c", "\033[01m\033[Ks.c:2:2:\033[m\033[K x\n", "\033[01m\033[Ks.c:2:9:\033[m\033[K x\n");
	assert_converted("-ftabstop=4", "s.c:2:2: x\n", "s.c:2:5: x\n");
	assert_converted("-fdiagnostics-column-origin=0", "s.c:2:1: x\n", "s.c:2:8: x\n");
	assert_converted("-c", "s.c:9:2: x\nabsent.c:1:3: y\ns.c: In f:\n", "s.c:9:2: x\nabsent.c:1:3: y\ns.c: In f:\n");
	assert_converted("-c", "s.c:2:2: no end", "s.c:2:9: no end");
}

static void what_a_server_names_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("pipe.c", 0600), 0);
	assert_converted("-c", "pipe.c:1:1: x\n", "pipe.c:1:1: x\n");
	assert_converted("-c", "/dev/tty:1:1: x\n", "/dev/tty:1:1: x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(one_voice_alone_is_left_as_it_is),
		CHECK(a_message_of_both_is_shown_once_with_its_quote),
		CHECK(messages_come_in_the_order_of_the_source),
		CHECK(clang_counts_anew),
		CHECK(what_concerns_the_command_comes_first_and_once),
		CHECK(the_list_of_headers_stands_around_the_messages),
		CHECK(a_driver_has_the_name_that_the_user_gave),
		CHECK(columns_are_those_of_a_terminal),
		CHECK_IN_DIR(columns_of_readable_sources_are_converted),
		CHECK_IN_DIR(what_a_server_names_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
