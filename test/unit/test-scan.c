/* test/unit/test-scan.c - what a command asks for: one line, one rule. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/mem.h"
#include "base/str.h"
#include "compiler/commands.h"
#include "compiler/scan.h"

static void split(struct argv *argv, const char *command)
{
	autofree char *copy = mem_strdup(command);

	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv_add(argv, word);
}

/* The two commands that are made of a scan. */
static void server_command(const struct scan *scan, struct argv *out)
{
	const struct scan_place place = { .kind = TEXT_EXPANDED };

	scan_server_command(scan, &place, out);
}

static void preprocess_command(const struct scan *scan, struct argv *out)
{
	scan_preprocess_command(scan, TEXT_EXPANDED, out);
}

static void scan_text(struct scan *scan, const char *command)
{
	autoargv argv = ARGV_INIT;

	split(&argv, command);
	scan_command(scan, &argv);
}

static const struct {
	const char *command, *reason;		/* NULL: can be distributed */
} verdicts[] = {
	{ "gcc -c a.c", NULL },
	{ "gcc -c a.c -o a.o", NULL },
	{ "gcc -oa.o -c dir/a.c", NULL },
	{ "gcc -S a.c", NULL },
	{ "gcc -S -c a.c", NULL },
	{ "gcc -c a.i", NULL },
	{ "g++ -c a.cc -o x/y.o", NULL },
	{ "gcc -c a.m", NULL },
	{ "gcc -x c++ -c a.cc", NULL },
	{ "gcc -xc++ -c a.cc", NULL },
	{ "gcc -O2 -g -Wall -fPIC -m64 -std=c99 -pipe -c a.c", NULL },
	{ "gcc -MD -MF d -MT t -MP -c a.c", NULL },
	{ "gcc -MMD -c a.c -o a.o", NULL },
	{ "gcc -MFd -MTt -MD -c a.c", NULL },
	{ "gcc -Wp,-MD,d -c a.c -o a.o", NULL },
	{ "gcc -DNAME=q.c -c z.c", NULL },
	{ "gcc -include pre.c -c a.c", NULL },
	{ "gcc -I a.c -c b.c", NULL },
	{ "gcc -Wl,-x -L. -lm -c a.c", NULL },
	{ "gcc -Wa,--noexecstack -c a.c", NULL },
	{ "gcc -c a.1.2.c", NULL },
	{ "gcc -c conftest1.c", NULL },

	{ "gcc a.c -o a", "not-a-compile" },
	{ "gcc a.o b.o -o a", "not-a-compile" },
	{ "gcc --version", "not-a-compile" },
	{ "gcc", "not-a-compile" },
	{ "gcc -c", "no-input" },
	{ "gcc -c a.c b.c", "two-inputs" },
	{ "gcc -c a.c r.o", "two-inputs" },
	{ "ccache gcc -c a.c", "two-inputs" },
	{ "gcc -c a.c -o a.o -o b.o", "two-outputs" },
	{ "gcc -c a.c -ob.o -o a.o", "two-outputs" },
	{ "gcc -c a.c -o -", "output-stdout" },
	{ "gcc -c a.c -o", "option" },
	{ "gcc -c a.c -x", "option" },
	{ "gcc -c a.c -include", "option" },
	{ "gcc -E a.c", "preprocess-only" },
	{ "gcc -E -c a.c", "preprocess-only" },
	{ "gcc -c a.s", "assembler" },
	{ "gcc -c a.S", "assembler" },
	{ "gcc -x assembler-with-cpp -c a.c", "assembler" },
	{ "gcc -x none -c a.c", "language" },
	{ "gcc -x ada -c a.c", "language" },
	{ "gcc -x c++-header -c a.cc", "language" },
	{ "gcc -c a.h", "language" },
	{ "gcc -c a", "language" },
	{ "gcc -x c -c a.txt", "language" },
	{ "gcc -c a.c -x c", "option" },
	{ "clang++ -c a.c", "language" },
	{ "gcc -c conftest.c", "conftest" },
	{ "gcc -c d/tmp.conftest.c", "conftest" },
	{ "gcc @file -c a.c", "response-file" },
	{ "gcc -c @file", "response-file" },
	{ "gcc -c -", "language" },
	{ "gcc -M a.c", "not-a-compile" },
	{ "gfortran -O2 -J mod -c solve.f90", "language" },
	{ "gfortran solve.f90 a.o -o prog", "language" },
	{ "rustc --crate-name x --edition 2021 -C opt-level=3 src/lib.rs", "language" },
	{ "rustc x.rs", "language" },
	{ "gdc -c a.d", "language" },
	{ "gcc -E a.F90", "preprocess-only" },
	{ "gcc -MD -MF a.d -c a.c", NULL },
	{ "gcc -c -M a.c", "option" },
	{ "gcc -c -MM a.c", "option" },
	{ "gcc -c -MJ x a.c", "option" },
	{ "gcc -c -MD -MF - a.c", "output-stdout" },
	{ "gcc -c -MF d a.c", NULL },
	{ "gcc -c -Wa,-alh=x a.c", "option" },
	{ "gcc -c -Wa,--MD,x a.c", "option" },
	{ "gcc -c -Wa,--noexecstack,-a=x a.c", "option" },
	{ "gcc -c -fprofile-arcs a.c", "option" },
	{ "gcc -c -ftest-coverage a.c", "option" },
	{ "gcc -c --coverage a.c", "option" },
	{ "gcc -c -fprofile-generate=d a.c", "option" },
	{ "gcc -c -fprofile-use a.c", "option" },
	{ "gcc -c -fauto-profile=x a.c", "option" },
	{ "gcc -c -frepo a.cc", "option" },
	{ "gcc -c -drX a.c", "option" },
	{ "gcc -c -save-temps a.c", "option" },
	{ "gcc -c -save-temps=obj a.c", "option" },
	{ "gcc -c -gsplit-dwarf a.c", "option" },
	{ "gcc -c -fdump-tree-all a.c", "option" },
	{ "gcc -c -fstack-usage a.c", "option" },
	{ "gcc -c -fplugin=x.so a.c", "option" },
	{ "gcc -c -specs=x a.c", "option" },
	{ "gcc -c --specs=x a.c", "option" },
	{ "gcc -c -B dir a.c", "option" },
	{ "gcc -c -wrapper gdb,--args a.c", "option" },
	{ "gcc -c -fmodules a.cc", "option" },
	{ "clang -c -ftime-trace a.c", "option" },
	{ "clang -c -Xclang -load a.c", "option" },
	{ "gcc -c -fnew-option=/etc/x a.c", "option" },
	{ "gcc -c -fnew-option=file.txt a.c", "option" },
	{ "gcc -c -v a.c", "option" },
	{ "gcc -c -fsyntax-only a.c", "option" },
	{ "gcc -c -nosuchoption a.c", "unknown-option" },
	{ "gcc -c --nosuchoption a.c", "unknown-option" },
	{ "-g -c a.c", "no-compiler" },
};

static void a_command_can_be_distributed_or_has_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		struct scan scan;

		scan_text(&scan, verdicts[i].command);
		if (!str_equal(scan.reason, verdicts[i].reason))
			fail_msg("'%s': %s (%s), not %s", verdicts[i].command, scan.reason ? scan.reason : "distributable",
				 scan.reason_word, verdicts[i].reason ? verdicts[i].reason : "distributable");
		assert_int_equal(scan.verdict == SCAN_DISTRIBUTABLE, !verdicts[i].reason);
		assert_int_equal(scan.verdict == SCAN_LOCAL_CPP, str_equal(verdicts[i].reason, "preprocess-only"));
		assert_true(!verdicts[i].reason || (scan.explanation && *scan.explanation));
		scan_release(&scan);
	}
}

static const struct {
	const char *command, *sent, *preprocessed;
} made[] = {
	{ "gcc -c a.c", "gcc -c a.c -o a.o", "gcc -E a.c" },
	{ "gcc -c dir/a.c -o x/y.o", "gcc -c dir/a.c -o x/y.o", "gcc -E dir/a.c" },
	{ "gcc -oy.o -c a.c", "gcc -o y.o -c a.c", "gcc -E a.c" },
	{ "gcc -S -c a.c", "gcc -S -c a.c -o a.s", "gcc -E a.c" },
	{ "gcc -DX=1 -D Y -Iinc -I inc -U Z -O2 -c a.c -o a.o", "gcc -O2 -c a.c -o a.o", "gcc -DX=1 -D Y -Iinc -I inc -U Z -O2 -E a.c" },
	{ "gcc -D -DX -c a.c -o a.o", "gcc -c a.c -o a.o", "gcc -D -DX -E a.c" },
	{ "gcc -include -c -c a.c -o a.o", "gcc -c a.c -o a.o", "gcc -include -c -E a.c" },
	{ "gcc -isystem s -iquoteq -include x.h -nostdinc -L. -lm -Wl,-x -c a.c -o a.o", "gcc -c a.c -o a.o",
	  "gcc -isystem s -iquoteq -include x.h -nostdinc -L. -lm -Wl,-x -E a.c" },
	{ "gcc --param x=1 -c a.c -o a.o", "gcc --param x=1 -c a.c -o a.o", "gcc --param x=1 -E a.c" },
	{ "gcc -xc++ -c a.cc -o a.o", "gcc -x c++-cpp-output -c a.cc -o a.o", "gcc -x c++ -E a.cc" },
	/* dependencies are written by the preprocessor, as the whole compile would write them */
	{ "gcc -MD -c a.c -o x/y.o", "gcc -c a.c -o x/y.o", "gcc -MD -E a.c -MF x/y.d -MQ x/y.o" },
	{ "gcc -MMD -c dir/a.c", "gcc -c dir/a.c -o a.o", "gcc -MMD -E dir/a.c -MF a.d -MQ a.o" },
	{ "gcc -MD -MF d -c a.c -o a.o", "gcc -c a.c -o a.o", "gcc -MD -MF d -E a.c -MQ a.o" },
	{ "gcc -MD -MT t -c a.c -o a.o", "gcc -c a.c -o a.o", "gcc -MD -MT t -E a.c -MF a.d" },
	{ "gcc -MD -c a.c -o p.x.y", "gcc -c a.c -o p.x.y", "gcc -MD -E a.c -MF p.x.d -MQ p.x.y" },
	{ "gcc -MD -c a.c -o p", "gcc -c a.c -o p", "gcc -MD -E a.c -MF p.d -MQ p" },
	{ "gcc -MD -S a.c", "gcc -S a.c -o a.s", "gcc -MD -E a.c -MF a.d -MQ a.o" },
};

static void the_commands_made_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		struct scan scan;
		autoargv sent = ARGV_INIT, preprocessed = ARGV_INIT;
		autofree char *sent_text = NULL, *preprocessed_text = NULL;

		scan_text(&scan, made[i].command);
		assert_int_equal(scan.verdict, SCAN_DISTRIBUTABLE);
		server_command(&scan, &sent);
		preprocess_command(&scan, &preprocessed);
		sent_text = argv_printable(&sent);
		preprocessed_text = argv_printable(&preprocessed);
		assert_string_equal(sent_text, made[i].sent);
		assert_string_equal(preprocessed_text, made[i].preprocessed);
		scan_release(&scan);
	}
}

static const struct {
	const char *command;
	size_t input_at, output_at;
	const char *words;		/* of the refusal, or NULL */
} requests[] = {
	{ "gcc -c a.c -o a.o", 2, 4, NULL },
	{ "gcc -o a.o -c a.c", 4, 2, NULL },
	{ "gcc -oa.o -c a.c", 3, 1, NULL },
	{ "gcc -c a.c", 2, 3, NULL },			/* no output: one is added */
	{ "gcc -S a.i -o a.s", 2, 4, NULL },
	{ "gcc -O2 -include x.c -c a.i -o a.o", 5, 7, NULL },
	{ "", 0, 0, "the command has no compiler" },
	{ "-c a.c", 0, 0, "the command has no compiler" },
	{ "gcc a.c -o a.o", 0, 0, "the command does not compile" },
	{ "gcc -c -o a.o", 0, 0, "the command has no source" },
	{ "gcc -c a.c b.c", 0, 0, "the command has two sources" },
	{ "gcc -c a.c -o a.o -o b.o", 0, 0, "the command has two outputs" },
	{ "gcc -c a.c -o", 0, 0, "the argument of -o is missing" },
	{ "gcc -c a.c -MT", 0, 0, "the argument of -MT is missing" },
	{ "gcc -E a.c", 0, 0, "preprocessing only" },
};

/* A word without a value as the last one crashed servers of distcc 3.4. */
static void a_server_finds_input_and_output_or_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		autoargv argv = ARGV_INIT;
		struct scan_request found;
		struct err err = ERR_INIT;

		split(&argv, requests[i].command);
		if (requests[i].words) {
			assert_fails(scan_request(&found, &argv, &err), ERR_PROTOCOL, requests[i].words);
			continue;
		}
		assert_ok(scan_request(&found, &argv, &err));
		assert_int_equal(found.input_at, requests[i].input_at);
		assert_int_equal(found.output_at, requests[i].output_at);
		scan_request_redirect(&found, &argv, "/job/o");
		assert_ok(scan_request(&found, &argv, &err));
		assert_int_equal(found.input_at, requests[i].input_at);
		assert_string_equal(argv.words[found.output_at] + (found.output_is_joined ? 2 : 0), "/job/o");
	}
}

static void what_is_asked_for_beside_the_object_is_known(void **state)
{
	static const struct { const char *command; bool text, debug, deps; const char *deps_file, *deps_target; } rows[] = {
		{ "gcc -c a.c", false, false, false, NULL, NULL },
		{ "gcc -S -g a.c", true, true, false, NULL, NULL },
		{ "gcc -g0 -c a.c", false, false, false, NULL, NULL },
		{ "gcc -ggdb -MD -c a.c -o b.o", false, true, true, "b.d", "b.o" },
		{ "gcc -MMD -MF x -c a.c", false, false, true, "x", "a.o" },
		{ "gcc -MMD -MF x -MFy -c a.c", false, false, true, "y", "a.o" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scan scan;

		scan_text(&scan, rows[i].command);
		assert_int_equal(scan.verdict, SCAN_DISTRIBUTABLE);
		assert_int_equal(scan.is_assembly_text, rows[i].text);
		assert_int_equal(scan.needs.debug, rows[i].debug);
		assert_int_equal(scan.wants_deps, rows[i].deps);
		assert_true(str_equal(scan.deps_file, rows[i].deps_file));
		if (rows[i].deps_target)
			assert_string_equal(scan.deps_target, rows[i].deps_target);
		scan_release(&scan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_command_can_be_distributed_or_has_its_reason),
		CHECK(the_commands_made_of_it),
		CHECK(a_server_finds_input_and_output_or_refuses),
		CHECK(what_is_asked_for_beside_the_object_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
