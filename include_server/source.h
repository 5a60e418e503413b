/*
 * include_server/source.h - what of a source file concerns includes: its directives, in order.
 *
 * A file is scanned once for each content. Text lines are passed over; conditionals know where they
 * lead, so that a group that is not taken costs nothing.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_SOURCE_H
#define INCLUDE_SERVER_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include_server/macro.h"

enum op_kind {
	OP_INCLUDE, OP_INCLUDE_NEXT, OP_IMPORT, OP_EMBED,
	OP_DEFINE, OP_UNDEF, OP_PRAGMA_ONCE, OP_PUSH_MACRO, OP_POP_MACRO,
	OP_IF, OP_IFDEF, OP_IFNDEF,
	OP_ELIF, OP_ELIFDEF, OP_ELIFNDEF, OP_ELSE, OP_ENDIF
};

struct op {
	uint8_t kind;
	uint32_t line;
	uint32_t next;			/* of a conditional: the next one of its chain */
	uint32_t end;			/* of a conditional: its #endif */
	uint32_t text_len;
	const char *text;		/* operand of includes and of #if, #elif */
	union {
		struct symbol *symbol;	/* #ifdef and its like, #undef, push_macro */
		struct macro *macro;	/* #define */
		_Atomic(struct frozen *) tokens;	/* #if, #elif, computed includes */
	};
};

struct source {
	struct op *ops;
	size_t n_ops;
	struct symbol *guard;		/* the whole is within "#ifndef GUARD", or NULL */
	bool has_incbin;		/* makes the assembler read files: .incbin */
	/* names the main file as the compiler was told it: a server is told another name */
	bool shows_path;
	bool too_odd;			/* something we do not judge: the unit goes the plain way */
	struct arena arena;
};

/* text is not needed afterwards. */
void source_scan(struct source *source, struct symbols *symbols, const char *text, size_t len);
void source_release(struct source *source);

#endif
