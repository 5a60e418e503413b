/* include_server/macro.h - a definition, as #define and -D give it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_MACRO_H
#define INCLUDE_SERVER_MACRO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include_server/arena.h"
#include "include_server/lexer.h"
#include "include_server/symbol.h"

/* Tokens that are made when first needed, by whichever thread comes first. */
struct frozen {
	size_t n;
	struct tok at[];
};

struct macro {
	struct symbol *symbol;
	bool function_like, variadic;
	uint16_t n_params;
	struct symbol **params;		/* the last one is __VA_ARGS__ or a name if variadic */
	const char *body;
	uint32_t body_len;
	_Atomic(struct frozen *) tokens;
};

bool macro_equal(const struct macro *a, const struct macro *b);
/* Parses "NAME...", what follows #define. NULL if it is no definition. `text` must stay. */
struct macro *macro_parse(struct arena *arena, struct symbols *symbols, const char *text, size_t len);

#endif
