/* test/unit/test-guards.c - statements that compilers warn of by their layout. Rows were tried with gcc 12 and clang 14. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "compiler/guards.h"

static bool may_mislead(const char *source, bool indentation, bool empty_bodies)
{
	const struct guard_warnings warnings = { indentation, empty_bodies };

	return guards_may_mislead(source, strlen(source), &warnings);
}

static void indentation(void **state)
{
	static const struct { const char *source; bool may_mislead; } rows[] = {
		{ "if (x)\n\ta();\n\tb();\n", true },
		{ "if (x)\n\ta();\nb();\n", false },
		{ "\tif (x)\n\t\ta();\n\treturn;\n", false },
		{ "if (x)\n\ta();\n        b();\n", true },		/* a tab is eight blanks */
		{ "if (x) a(); b();\n", true },
		{ "if (x) a();\nb();\n", false },
		{ "{ if (x) a(); b();\n}\n", false },
		{ "case 1: if (x) a(); break;\n", false },
		{ "if (x)\n\ta(); b();\n", true },
		{ "if (x)\n#ifdef A\n\ta();\n#else\n\tb();\n#endif\nc();\n", false },
		{ "#if A\nint d;\n#elif B\nif (x)\n\ta();\n\tb();\n#else\nint e;\n#endif\nc();\n", true },
		{ "#if A\n#if B\n#else\n#endif\n#else\n#endif\n#endif\nif (x)\n\ta();\n\tb();\n", true },
		{ "if (x)\n\tdo {\n\t\ta();\n\t} while (y);\nelse\n\tb();\nc();\n", false },
		{ "do {\n\ta();\n} while (x);\n\n{\n\tb();\n}\n", false },
		{ "if (x) a();\n  b();\n", true },
		{ "while (x);\n  b();\n", true },
		{ "while (x);\nb();\n", false },
		{ "while (x);\n{\n\tb();\n}\n", true },
		{ "for (i = 0; i < 3; i++)\n\ta[i] = 1;\n\tb();\n", true },
		{ "if (x)\n\ta();\nelse\n\tb();\n\tc();\n", true },
		{ "if (x)\n\ta();\nelse\n\tb();\nc();\n", false },
		{ "if (x)\n\ta();\nelse if (y)\n\tb();\nelse\n\tc();\nd();\n", false },
		{ "if (x) {\n\ta();\n}\n\tb();\n", false },
		{ "{\n\tif (x)\n\t\ta();\n\t}\n", false },
		{ "case 1: if (x)\n\t\ta();\n\tbreak;\n", false },
		{ "switch (x) {\ncase 1:\n\tif (y)\n\t\ta();\ncase 2:\n\tb();\n}\n", false },
		{ "do {\n\ta();\n} while (x);\nb();\n", false },
		{ "if (x)\n\tfor (;;) {\n\t\ta();\n\t}\nb();\n", false },
		{ "if (x)\n\tif (y)\n\t\ta();\n\telse\n\t\tb();\nelse\n\tc();\nd();\n", false },
		{ "if (f((struct s){ 1, 2 }))\n\ta = (struct s){ 1, 2 };\n\tb();\n", true },
		{ "// if (x)\n//\ta();\n//\tb();\n", false },
		{ "/* if (x)\n\ta();\n\tb(); */\n", false },
		{ "#define M if (x) \\\n\ta(); \\\n\tb();\nint c;\n", false },
		{ "if (c == '\"')\n\ta(\"if (x) \\\" a(); b();\");\nb();\n", false },
		{ "if (1'000 == x)\n\ta();\n\tb();\n", true },
		{ "char *s = R\"x(if (a) b(); c();)x\";\n", false },
		{ "char *s = uR\"(\")\";\nif (x)\n\ta();\n\tb();\n", true },
		{ "if constexpr (x)\n\ta();\n\tb();\n", true },
		{ "if (x)\n\tstd::f();\nb();\n", false },
		{ "if (x", false },
		{ "if (x)", false },
		{ "if", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (may_mislead(rows[i].source, true, false) != rows[i].may_mislead)
			fail_msg("%s", rows[i].source);
		assert_false(may_mislead(rows[i].source, false, false));
	}
}

static void empty_bodies(void **state)
{
	static const struct { const char *source; bool may_mislead; } rows[] = {
		{ "if (x);\ny();\n", true },
		{ "if (x)\n\t;\ny();\n", false },
		{ "if (x) {}\ny();\n", false },
		{ "switch (x);\ny();\n", true },
		{ "if (x) a(); else;\ny();\n", true },
		{ "for (;;);\ny();\n", false },
		{ "for (;;);\n{ y(); }\n", true },
		{ "while (x);\n\ty();\n", true },
		{ "do a(); while (x);\ny();\n", false },
		{ "do a(); while (x);\n{ y(); }\n", false },
		{ "{\n\tdo {\n\t\ta();\n\t} while (x);\n\ty();\n}\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (may_mislead(rows[i].source, false, true) != rows[i].may_mislead)
			fail_msg("%s", rows[i].source);
		assert_false(may_mislead(rows[i].source, false, false));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(indentation),
		CHECK(empty_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
