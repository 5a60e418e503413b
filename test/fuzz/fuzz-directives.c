/* test/fuzz/fuzz-directives.c - the text of a source file: scanned, and each of its directives carried out. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "include_server/condition.h"
#include "include_server/source.h"
#include "test/fuzz/harness.h"

enum { STEPS_MAX = 100000 };

static enum truth has_include(void *context, const char *spelling, size_t len, bool next)
{
	(void)context;
	claim(spelling && len >= 2);
	return next ? TRUTH_UNKNOWN : (enum truth)(len % 2);
}

static bool has_something(void *context, const char *question, long long *value)
{
	(void)context;
	*value = (long long)strlen(question);
	return strlen(question) % 3 != 0;
}

static bool is_operator(void *context, const struct symbol *symbol)
{
	(void)context;
	return symbol->len % 2 == 0;
}

static const struct frozen *tokens_of(const struct op *op, struct symbols *symbols)
{
	return freeze((_Atomic(struct frozen *) *)(uintptr_t)&op->tokens, symbols, op->text, op->text_len);
}

static void carry_out(struct macros *macros, struct symbols *symbols, const struct op *op, const struct source *source)
{
	struct oracle oracle = { NULL, has_include, has_something, is_operator, op->line % 2 == 0 };
	struct expander x;
	struct tok tok;

	macros->line = op->line;
	switch ((enum op_kind)op->kind) {
	case OP_DEFINE:
		macros_define(macros, op->macro);
		break;
	case OP_UNDEF:
		macros_undef(macros, op->symbol);
		break;
	case OP_PUSH_MACRO:
		macros_push(macros, op->symbol);
		break;
	case OP_POP_MACRO:
		macros_pop(macros, op->symbol);
		break;
	case OP_IF: case OP_ELIF:
		condition_eval(macros, &oracle, tokens_of(op, symbols)->at, tokens_of(op, symbols)->n);
		break;
	case OP_IFDEF: case OP_IFNDEF: case OP_ELIFDEF: case OP_ELIFNDEF:
		condition_defined(macros, &oracle, op->symbol);
		break;
	case OP_INCLUDE: case OP_INCLUDE_NEXT: case OP_IMPORT: case OP_EMBED:
		expander_start(&x, macros, tokens_of(op, symbols)->at, tokens_of(op, symbols)->n);
		while (expander_next(&x, &tok))
			claim(tok.len == 0 || tok.text);
		expander_stop(&x);
		break;
	case OP_PRAGMA_ONCE: case OP_ELSE: case OP_ENDIF:
		break;
	}
	if (op->kind >= OP_IF)
		claim(op->next < source->n_ops && op->end < source->n_ops && op->next <= op->end &&
		      source->ops[op->end].kind == OP_ENDIF && (op->kind == OP_ENDIF || op->next > (size_t)(op - source->ops)));
	arena_clear(&macros->scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct symbols symbols;
	struct source source;
	struct notes notes = { 0 };
	struct predefined none = { NULL, 0 };
	struct macros macros = { .symbols = &symbols, .notes = &notes };

	symbols_init(&symbols);
	source_scan(&source, &symbols, (const char *)data, len);
	macros_start(&macros, &none);
	macros.steps_max = STEPS_MAX;
	for (size_t i = 0; i < source.n_ops && !source.too_odd; i++) {
		/* some of it where nothing is certain */
		macros.uncertain = source.ops[i].line % 5 == 0;
		notes.n_wanted = 1;
		carry_out(&macros, &symbols, &source.ops[i], &source);
	}
	for (uint32_t i = 0; i < macros.n_slots; i++)
		claim(macros.slots[i].stamp != macros.stamp || !macros.slots[i].disabled);
	macros_release(&macros);
	source_release(&source);
	symbols_release(&symbols);
	free(notes.at);
	return 0;
}
