/* test/unit/test-refuse.c - options that a server does not take from anybody, in every spelling. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "daemon/refuse.h"

static int check_words(const char *first, const char *second, struct err *err)
{
	struct argv argv = ARGV_INIT;
	int result;

	argv_add(&argv, "gcc");
	argv_add(&argv, first);
	if (second)
		argv_add(&argv, second);
	argv_add(&argv, "-c");
	argv_add(&argv, "x.c");
	result = refuse_check(&argv, false, err);
	argv_release(&argv);
	return result;
}

static void each_row_of_the_table_is_refused_with_its_reason(void **state)
{
	size_t n;
	const struct refuse_row *rows = refuse_rows(&n);

	(void)state;
	assert_true(n > 40);
	for (size_t i = 0; i < n; i++) {
		struct err err = ERR_INIT;

		assert_fails(check_words(rows[i].name, rows[i].form == REFUSE_PATH ? "/x" : NULL, &err), ERR_DENIED, rows[i].why);
		assert_non_null(strstr(err.text, rows[i].name));
	}
}

static void other_spellings_are_refused(void **state)
{
	static const char *const words[][2] = {
		{ "-fplugin=/tmp/x.so", NULL }, { "-fplugin-arg-x-y", NULL }, { "-B/tmp", NULL }, { "-B", "/tmp" },
		{ "--prefix=/tmp", NULL }, { "-specs=x", NULL }, { "--specs=x", NULL }, { "@list", NULL }, { "-o", "@list" },
		{ "-Wa,@/etc/passwd", NULL }, { "-Wa,-mx86-used-note=no,@x", NULL }, { "-Wa,-al=list", NULL }, { "-Wa,--MD,x", NULL },
		{ "-Wa,-I/etc", NULL }, { "-Wa,-I,/etc", NULL }, { "-Wp,-MD,/tmp/x", NULL }, { "-Wp,-MD,../x", NULL },
		{ "-Xclang", "-load" }, { "-Xclang=-load", NULL }, { "-mllvm", "-load=/tmp/x.so" }, { "-mllvm=-load=x", NULL },
		{ "-fprofile-use=/x", NULL }, { "-fprofile-generate=/x", NULL }, { "-fprofile-list=/x", NULL },
		{ "-fdump-tree-all=/tmp/x", NULL }, { "-fdump-tree-all=../x", NULL }, { "-fdump-tree-all=a/../../x", NULL },
		{ "-ftime-trace=/tmp/x", NULL }, { "-fopt-info-vec=/tmp/x", NULL }, { "-fopt-info-vec-missed=../x", NULL },
		{ "-foptimization-record-file=/x", NULL }, { "-fmodule-mapper=|sh", NULL }, { "-fstack-usage=..", NULL },
		{ "-fdiagnostics-add-output=sarif:file=/tmp/x", NULL }, { "-fsanitize-ignorelist=/etc/shadow", NULL },
		{ "-MF", "/tmp/x" }, { "-MF/tmp/x", NULL }, { "-MF", "../x" }, { "-include", "/etc/passwd" }, { "-include/etc/passwd", NULL },
		{ "--include=/etc/passwd", NULL }, { "--include", "/etc/passwd" }, { "-imacros", "../x" }, { "-include-pch", "/x" },
		{ "-time=x", NULL }, { "--driver-mode=cl", NULL }, { "-clang:-fplugin=x", NULL }, { "/clang:-load", NULL },
		{ "-Wp,-fplugin=x.so", NULL }, { "-Wp,-fplugin=./x.so", NULL }, { "-Wp,-MD,x,-MF,/x", NULL }, { "-Wp,-B.", NULL },
		{ "--hipspv-pass-plugin=x", NULL }, { "-fmodules-user-build-path", "x" }, { "-J.", NULL }, { "-J", "x" },
		{ "-dumpdir", "/tmp/" }, { "-aux-info", "/tmp/x" }, { "--output=/tmp/x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct err err = ERR_INIT;

		if (check_words(words[i][0], words[i][1], &err) >= 0)
			fail_msg("%s is let through", words[i][0]);
		assert_int_equal(err.code, ERR_DENIED);
	}
}

static void what_packages_use_is_let_through(void **state)
{
	static const char *const words[] = {
		"-O2", "-fdebug-prefix-map=/build/x=.", "-ffile-prefix-map=/a/b=/usr/src/../x", "-fmacro-prefix-map=/=", "-frandom-seed=/x/y",
		"-march=x86-64-v3", "-mtune=generic", "-std=gnu++17", "-DPATH=\"/usr/share\"", "-D_FILE=../x", "-fno-plt", "-gdwarf-4",
		"-Wa,--noexecstack", "-Wa,-mbranches-within-32B-boundaries", "-fsanitize=address,undefined", "-Wformat=2", "-Wl,-Bsymbolic",
		"-fstack-protector-strong", "-fdiagnostics-color=always", "-flto=auto", "-fvisibility=hidden", "-Werror=format-security",
		"-fabi-version=11", "-MD", "-I../include", "-isystem/opt/x", "-fmax-errors=5", "-ftemplate-depth=1024", "-mcmodel=kernel",
		"-falign-functions=16", "-fcf-protection=full", "-Wp,-D_FORTIFY_SOURCE=2", "-fpatchable-function-entry=16,16",
		"-mstack-protector-guard=tls", "-fprofile-update=atomic", "-Wp,-D_FORTIFY_SOURCE=3", "-Wp,-MMD,.x.d", "-include", "-includex.h",
		"--include-directory=/usr/include", "-MFx.d", "-MMD",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct err err = ERR_INIT;

		assert_ok(check_words(words[i], NULL, &err));
	}
}

static void paths_of_the_clients_own_files_are_let_through(void **state)
{
	static const char *const words[] = { "-include", "-include/usr/x.h", "--include=/x", "-imacros/x", "-MF/x.d", "-MF" };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct argv argv = ARGV_INIT;

		argv_add(&argv, "gcc");
		argv_add(&argv, words[i]);
		argv_add(&argv, "/y");
		assert_ok(refuse_check(&argv, true, &err));
		argv_release(&argv);
	}
}

static void a_code_generators_harmless_option_is_let_through(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_ok(check_words("-mllvm", "-inline-threshold=100", &err));
}

static void a_forged_line_does_not_reach_the_log(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_fails(check_words("-fplugin=a\nERROR: forged", NULL, &err), ERR_DENIED, "-fplugin=a");
	assert_null(strchr(err.text, '\n'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(each_row_of_the_table_is_refused_with_its_reason),
		CHECK(other_spellings_are_refused),
		CHECK(what_packages_use_is_let_through),
		CHECK(paths_of_the_clients_own_files_are_let_through),
		CHECK(a_code_generators_harmless_option_is_let_through),
		CHECK(a_forged_line_does_not_reach_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
