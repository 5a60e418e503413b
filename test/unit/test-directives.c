/* test/unit/test-directives.c - the include server's preprocessor: directives, expansion, conditions. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/mem.h"
#include "base/str.h"
#include "include_server/condition.h"
#include "include_server/source.h"

struct fixture {
	struct symbols symbols;
	struct source source;
	struct notes notes;
	struct predefined none;
	struct macros macros;
};

static void begin(struct fixture *f, const char *text)
{
	*f = (struct fixture){ 0 };
	symbols_init(&f->symbols);
	source_scan(&f->source, &f->symbols, text, strlen(text));
	f->macros.symbols = &f->symbols;
	f->macros.notes = &f->notes;
	macros_start(&f->macros, &f->none);
	f->macros.steps_max = 1000000;
}

static void end(struct fixture *f)
{
	macros_release(&f->macros);
	source_release(&f->source);
	symbols_release(&f->symbols);
	free(f->notes.at);
}

static enum truth has_include(void *context, const char *spelling, size_t len, bool next)
{
	(void)context;
	(void)next;
	return len == 5 && memcmp(spelling, "<a.h>", 5) == 0 ? TRUTH_TRUE : TRUTH_FALSE;
}

static bool has_something(void *context, const char *question, long long *value)
{
	(void)context;
	*value = 201907;
	return strcmp(question, "__has_attribute(known)") == 0;
}

static bool is_operator(void *context, const struct symbol *symbol)
{
	(void)context;
	return strcmp(symbol->name, "__has_attribute") == 0;
}

static const char begin_of_all[] =
	"#define ONE 1\n#define EMPTY\n#define F(x) x\n#define G(x, y) x##y\n#define S(x) #x\n#define SS(x) S(x)\n#define SELF SELF + 1\n"
	"#define V(a, ...) F(__VA_ARGS__)\n#define O(...) 0 __VA_OPT__(+ 1)\n#define DEFD defined ONE\n";

static const struct { const char *text; enum truth truth; } conditions[] = {
	{ "1", TRUTH_TRUE }, { "0", TRUTH_FALSE }, { "ONE", TRUTH_TRUE }, { "NONE", TRUTH_FALSE }, { "defined ONE", TRUTH_TRUE },
	{ "defined(NONE)", TRUTH_FALSE }, { "DEFD", TRUTH_TRUE }, { "!defined NONE && ONE", TRUTH_TRUE },
	{ "1 + 2 * 3 == 7", TRUTH_TRUE }, { "(1 + 2) * 3 == 9", TRUTH_TRUE }, { "10 - 4 - 3 == 3", TRUTH_TRUE }, { "1 << 2 + 1 == 8", TRUTH_TRUE },
	{ "7 & 3 == 3", TRUTH_TRUE }, { "1 ? 0 : 1", TRUTH_FALSE }, { "0 ? 1/0 : 2", TRUTH_TRUE }, { "-1 > 0u", TRUTH_TRUE },
	{ "-1 > 0", TRUTH_FALSE }, { "0x10 == 16 && 010 == 8 && 0b11 == 3", TRUTH_TRUE }, { "1'000 == 1000", TRUTH_TRUE },
	{ "'a' == 97 && '\\n' == 10", TRUTH_TRUE }, { "18446744073709551615 > 0", TRUTH_TRUE }, { "F(1) + F(F(2)) == 3", TRUTH_TRUE },
	{ "G(1, 2) == 12", TRUTH_TRUE }, { "G(O, NE)", TRUTH_TRUE }, { "V(0, 5) == 5", TRUTH_TRUE }, { "O(x) == 1 && O() == 0", TRUTH_TRUE },
	{ "SELF == 1", TRUTH_TRUE }, { "EMPTY 1", TRUTH_TRUE }, { "__has_include(<a.h>)", TRUTH_TRUE }, { "__has_include(\"a.h\")", TRUTH_FALSE },
	{ "__has_attribute(known) >= 201907", TRUTH_TRUE }, { "__has_attribute(else)", TRUTH_UNKNOWN },
	{ "__COUNTER__", TRUTH_UNKNOWN }, { "", TRUTH_UNKNOWN }, { "1 +", TRUTH_UNKNOWN }, { "(1", TRUTH_UNKNOWN },
	{ "1 1", TRUTH_UNKNOWN }, { "__LINE__ == 11", TRUTH_TRUE },
};

static void conditions_are_judged_as_compilers_do(void **state)
{
	struct oracle oracle = { NULL, has_include, has_something, is_operator, false };

	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		autofree char *text = str_format("%s#if %s\n#endif\n", begin_of_all, conditions[i].text);
		struct fixture f;
		const struct op *op;
		const struct frozen *tokens;

		begin(&f, text);
		for (op = f.source.ops; op->kind != OP_IF; op++)
			macros_define(&f.macros, op->macro);
		f.macros.line = op->line;
		tokens = freeze((_Atomic(struct frozen *) *)(uintptr_t)&op->tokens, &f.symbols, op->text, op->text_len);
		if (condition_eval(&f.macros, &oracle, tokens->at, tokens->n) != conditions[i].truth)
			fail_msg("#if %s", conditions[i].text);
		end(&f);
	}
}

static void what_a_branch_that_may_not_be_taken_defines_is_unknown(void **state)
{
	struct oracle oracle = { NULL, has_include, has_something, is_operator, false };
	struct fixture f;
	const struct symbol *symbol;

	(void)state;
	begin(&f, "#define A 1\n");
	symbol = f.source.ops[0].macro->symbol;
	macros_define(&f.macros, f.source.ops[0].macro);
	assert_int_equal(condition_defined(&f.macros, &oracle, symbol), TRUTH_TRUE);
	f.macros.uncertain = 1;
	macros_undef(&f.macros, symbol);
	f.macros.uncertain = 0;
	assert_int_equal(condition_defined(&f.macros, &oracle, symbol), TRUTH_UNKNOWN);
	macros_undef(&f.macros, symbol);
	assert_int_equal(condition_defined(&f.macros, &oracle, symbol), TRUTH_FALSE);
	end(&f);
}

static void directives_are_found_and_text_is_not(void **state)
{
	static const char text[] =
		"/* #if x */ # /* c */ ifdef A\n\"#else\" '\\'' \"\\\n#else\" \nR\"d(\n#else\n)d\"\n#else // x \\\n#endif\n%: endif\nint n = 1'0'0;\n"
		"#inc\\\nlude \"a\\\n.h\"\n/\\\n* #include <b>\n*\\\n/#pragma once\n#if 1\n#elif 2\n";
	static const enum op_kind kinds[] = { OP_IFDEF, OP_ELSE, OP_ENDIF, OP_INCLUDE, OP_PRAGMA_ONCE, OP_IF, OP_ELIF, OP_ENDIF };
	struct fixture f;

	(void)state;
	begin(&f, text);
	assert_int_equal(f.source.n_ops, sizeof(kinds) / sizeof(kinds[0]));
	for (size_t i = 0; i < f.source.n_ops; i++)
		assert_int_equal(f.source.ops[i].kind, kinds[i]);
	assert_string_equal(f.source.ops[3].text, "\"a.h\"");
	assert_int_equal(f.source.ops[0].next, 1);
	assert_int_equal(f.source.ops[0].end, 2);
	assert_int_equal(f.source.ops[5].end, 7);
	assert_null(f.source.guard);
	end(&f);
}

static void a_guard_is_known_by_its_place(void **state)
{
	static const struct { const char *text, *guard; } rows[] = {
		{ "#ifndef G\n#define G\n#endif\n", "G" }, { "\n/* x */\n#ifndef G\n#if 1\n#endif\n#endif // G\n", "G" },
		{ "#ifndef G\n#endif\n#define X\n", NULL }, { "#ifndef G\n#else\n#endif\n", NULL }, { "#ifdef G\n#endif\n", NULL }, { "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;

		begin(&f, rows[i].text);
		assert_true(!f.source.guard == !rows[i].guard && (!rows[i].guard || strcmp(f.source.guard->name, rows[i].guard) == 0));
		end(&f);
	}
}

static void macros_are_equal_by_what_they_say(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "#define A 1\n#define A   1\n#define A 2\n#define A() 1\n#define B 1\n#define F(x) x\n#define F(y) x\n");
	assert_true(macro_equal(f.source.ops[0].macro, f.source.ops[1].macro));
	for (size_t i = 2; i < 5; i++)
		assert_false(macro_equal(f.source.ops[0].macro, f.source.ops[i].macro));
	assert_false(macro_equal(f.source.ops[5].macro, f.source.ops[6].macro));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(conditions_are_judged_as_compilers_do),
		CHECK(what_a_branch_that_may_not_be_taken_defines_is_unknown),
		CHECK(directives_are_found_and_text_is_not),
		CHECK(a_guard_is_known_by_its_place),
		CHECK(macros_are_equal_by_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
