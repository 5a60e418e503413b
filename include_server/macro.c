/* include_server/macro.c - see macro.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/macro.h"

#include <string.h>

#include "base/str.h"

static size_t blanks_at(const char *text, size_t len, size_t i)
{
	size_t n = 0;

	while (i + n < len && strchr(" \t\f\v\r", text[i + n]))
		n++;
	return n;
}

/* "(a, b...)": the index behind it, or 0. */
static size_t parse_params(struct macro *macro, struct arena *arena, struct symbols *symbols,
			   const char *text,
			   size_t len, size_t i)
{
	enum { PARAMS_MAX = 1024 };
	struct symbol *params[PARAMS_MAX];

	for (i++;;) {
		size_t start;

		i += blanks_at(text, len, i);
		if (i < len && text[i] == ')' && !macro->n_params)
			break;
		start = i;
		while (i < len && char_in_ident((unsigned char)text[i]))
			i++;
		if (macro->n_params == PARAMS_MAX)
			return 0;
		if (len - i >= 3 && memcmp(text + i, "...", 3) == 0) {
			macro->variadic = true;
			params[macro->n_params++] = i > start ? symbol_get(symbols, text + start, i - start) :
				symbol_get(symbols, "__VA_ARGS__", 11);
			i += 3;
		} else if (i > start) {
			size_t name_end = i;

			i += blanks_at(text, len, i);
			if (len - i >= 3 && memcmp(text + i, "...", 3) == 0) {
				macro->variadic = true;
				i += 3;
			}
			params[macro->n_params++] = symbol_get(symbols, text + start, name_end - start);
		} else {
			return 0;
		}
		i += blanks_at(text, len, i);
		if (i < len && text[i] == ',' && !macro->variadic) {
			i++;
			continue;
		}
		if (i < len && text[i] == ')')
			break;
		return 0;
	}
	if (macro->n_params) {
		macro->params = arena_alloc(arena, macro->n_params * sizeof(struct symbol *));
		memcpy(macro->params, params, macro->n_params * sizeof(struct symbol *));
	}
	return i + 1;
}

struct macro *macro_parse(struct arena *arena, struct symbols *symbols, const char *text, size_t len)
{
	struct macro *macro;
	size_t i = 0;

	while (i < len && char_in_ident((unsigned char)text[i]))
		i++;
	if (!i || !char_starts_ident((unsigned char)text[0]))
		return NULL;
	macro = arena_alloc(arena, sizeof(*macro));
	macro->symbol = symbol_get(symbols, text, i);
	if (i < len && text[i] == '(') {
		macro->function_like = true;
		i = parse_params(macro, arena, symbols, text, len, i);
		if (!i)
			return NULL;
	}
	i += blanks_at(text, len, i);
	macro->body = text + i;
	macro->body_len = (uint32_t)(len - i);
	return macro;
}

bool macro_equal(const struct macro *a, const struct macro *b)
{
	return a->symbol == b->symbol && a->function_like == b->function_like &&
	       a->variadic == b->variadic && a->n_params == b->n_params &&
	       a->body_len == b->body_len && memcmp(a->body, b->body, a->body_len) == 0 &&
	       (!a->n_params ||
		memcmp(a->params, b->params, a->n_params * sizeof(struct symbol *)) == 0);
}
