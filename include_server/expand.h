/*
 * include_server/expand.h - macros: who is defined as what at this point, and expansion.
 *
 * The table is one array of slots, indexed by symbol and stamped, so that a new translation unit
 * starts with an empty table at no cost. A slot that was written where only the compiler knows
 * whether it is reached is `maybe`: what depends on it is unknown.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_EXPAND_H
#define INCLUDE_SERVER_EXPAND_H

#include <stdbool.h>
#include <stdint.h>

#include "include_server/lexer.h"
#include "include_server/notes.h"
#include "include_server/source.h"

/* The macros that a compiler defines by itself. Read-only after it was made. */
struct predefined {
	struct macro **table;		/* by symbol id */
	uint32_t n;
};
void predefined_add(struct predefined *predefined, struct macro *macro);

struct slot {
	uint32_t stamp;
	bool maybe;
	uint8_t disabled;		/* it is being expanded */
	struct macro *macro;		/* NULL: not defined */
};

struct saved_macro {
	struct saved_macro *below;
	struct symbol *symbol;
	struct slot slot;
};

struct macros {
	struct symbols *symbols;
	const struct predefined *base;
	struct slot *slots;
	uint32_t n_slots, stamp;
	int uncertain;			/* > 0: within a branch that may not be taken */
	struct saved_macro *saved;	/* push_macro */
	struct arena scratch;		/* gone when the directive at hand is done */
	struct arena unit;		/* gone when the unit is done */
	uint64_t steps;			/* work done; the owner compares it with a limit */
	uint64_t steps_max;
	uint32_t line, level;		/* __LINE__, __INCLUDE_LEVEL__ */
	struct notes *notes;		/* of the owner */
};

void macros_start(struct macros *macros, const struct predefined *base);
void macros_release(struct macros *macros);
struct slot *macros_slot(struct macros *macros, uint32_t id);		/* of a symbol */
/* The slot, for somebody whose doing depends on it. */
const struct slot *macros_read(struct macros *macros, const struct symbol *symbol);
void macros_define(struct macros *macros, struct macro *macro);
void macros_undef(struct macros *macros, const struct symbol *symbol);
void macros_push(struct macros *macros, struct symbol *symbol);
void macros_pop(struct macros *macros, const struct symbol *symbol);

/* Tokens of a text, made once for all threads. */
const struct frozen *freeze(_Atomic(struct frozen *) *where, struct symbols *symbols,
			    const char *text, size_t len);

/* A stream of tokens with macros expanded as they are read. */
struct context;
struct expander {
	struct macros *macros;
	struct context *top;
	/* the outcome depends on a `maybe` or on what only a compiler knows */
	bool unknown;
	int depth;
};
void expander_start(struct expander *expander, struct macros *macros, const struct tok *toks, size_t n);
bool expander_raw(struct expander *expander, struct tok *tok);		/* the next one, unexpanded */
bool expander_next(struct expander *expander, struct tok *tok);		/* the next one, expanded */
/* Ends an expansion before its end: macros that were being expanded are usable again. */
void expander_stop(struct expander *expander);

#endif
