/* test/unit/test-machine.c - what drivers say about -march=native, and the heads of objects. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "compiler/machine.h"
#include "compiler/object.h"

static void assert_answer(enum compiler_family family, const char *said, const char *expected)
{
	autoargv words = ARGV_INIT;
	char shown[512] = "";

	if (machine_answer(family, said, strlen(said), &words))
		for (size_t i = 0; i < words.n; i++)
			snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), "<%s>", words.words[i]);
	assert_string_equal(shown, expected);
}

static void gccs_options_are_taken_in_their_order(void **state)
{
	(void)state;
	assert_answer(FAMILY_GCC, "Using built-in specs.\nCOLLECT_GCC=gcc\n /x/cc1 -quiet /dev/null \"-march=znver3\" -mmmx -mno-hle "
		      "--param \"l1-cache-size=32\" \"-mtune=znver3\" -mno-mmx -O2 -o /tmp/x.s\n as --64\n",
		      "<-march=znver3><-mmmx><-mno-hle><--param><l1-cache-size=32><-mtune=znver3><-mno-mmx>");
	assert_answer(FAMILY_GCC, "gcc: error: what?\n", "");
	assert_answer(FAMILY_GCC, "", "");
}

static void clangs_features_become_options(void **state)
{
	(void)state;
	assert_answer(FAMILY_CLANG, " \"/x/clang\" \"-cc1\" \"-triple\" \"x86_64-pc-linux-gnu\" \"-target-cpu\" \"znver3\" \"-target-feature\" "
		      "\"+sse2\" \"-target-feature\" \"-avx\" \"-target-feature\" \"+64bit\" \"-tune-cpu\" \"generic\" \"-O2\"\n",
		      "<-march=znver3><-msse2><-mno-avx><-mtune=generic>");
	assert_answer(FAMILY_CLANG, " \"/x/clang\" \"-cc1\" \"-triple\" \"aarch64-linux-gnu\" \"-target-cpu\" \"a64fx\"\n", "");
	assert_answer(FAMILY_UNKNOWN, " /x/cc1 -march=z\n", "");
}

static void the_question_has_the_machine_and_nothing_else(void **state)
{
	autoargv command = ARGV_INIT, question = ARGV_INIT;
	static char *const words[] = { "gcc", "-O2", "-march=native", "--param", "x=1", "-DX", "-m32", "-c", "-mod.c", "a.c", NULL };
	struct scan scan;

	(void)state;
	argv_add_all(&command, words);
	scan_command(&scan, &command);
	machine_words(&scan, &question);
	assert_int_equal(question.n, 6);
	assert_string_equal(question.words[1], "-march=native");
	assert_string_equal(question.words[3], "x=1");
	assert_string_equal(question.words[4], "-m32");
	scan_release(&scan);
}

static void the_head_of_an_object_tells_its_machine(void **state)
{
	static const unsigned char x86[OBJECT_HEAD_LEN] = { 0x7f, 'E', 'L', 'F', 2, 1, [18] = 62 };
	static const unsigned char sparc[OBJECT_HEAD_LEN] = { 0x7f, 'E', 'L', 'F', 1, 2, [19] = 2 };
	struct object_kind a, b;
	char text[OBJECT_KIND_TEXT_MAX];

	(void)state;
	assert_true(object_kind_read(&a, x86, sizeof(x86)));
	assert_int_equal(a.machine, 62);
	assert_int_equal(a.elf_class, 2);
	assert_true(object_kind_read(&b, sparc, sizeof(sparc)));
	assert_int_equal(b.machine, 2);
	assert_true(object_kind_equal(&a, &a));
	object_kind_format(&a, text);
	assert_string_equal(text, "7f454c460201........................3e00");
	object_kind_format(&b, text);
	assert_string_equal(text, "7f454c460102........................0002");
	assert_false(object_kind_equal(&a, &b));
	assert_false(object_kind_read(&a, x86, sizeof(x86) - 1));
	assert_false(object_kind_read(&a, "!<arch>\n            ", 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(gccs_options_are_taken_in_their_order),
		CHECK(clangs_features_become_options),
		CHECK(the_question_has_the_machine_and_nothing_else),
		CHECK(the_head_of_an_object_tells_its_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
