/* include_server/lexer.h - preprocessing tokens of one directive's text. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_LEXER_H
#define INCLUDE_SERVER_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include_server/arena.h"
#include "include_server/symbol.h"

enum tok_kind {
	TOK_IDENT, TOK_NUMBER, TOK_STRING, TOK_CHAR, TOK_PUNCT,
	TOK_HEADER,		/* <name> behind __has_include( */
	TOK_PARAM,		/* in a macro's body: its parameter number `param` */
	TOK_PLACEMARKER		/* nothing, where ## needs an operand */
};

struct tok {
	uint8_t kind;
	bool space;		/* white space stood before it */
	bool no_expand;		/* the name of a macro that was being expanded when this was read */
	uint16_t param;
	uint32_t len;
	const char *text;
	struct symbol *symbol;	/* TOK_IDENT */
};

struct tokens {
	struct tok *at;
	size_t n, capacity;
	struct arena *arena;	/* who owns the array */
};

void tokens_add(struct tokens *tokens, const struct tok *tok);
/* Appends the tokens of text (comments and line splices are gone already). The tokens point into text. */
void lex(struct tokens *tokens, struct symbols *symbols, const char *text, size_t len);

static inline bool tok_is(const struct tok *tok, const char *punctuation, size_t len)
{
	if (tok->kind != TOK_PUNCT || tok->len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (tok->text[i] != punctuation[i])
			return false;
	return true;
}
#define TOK_IS(tok, literal) tok_is((tok), "" literal, sizeof(literal) - 1)

/* Character classes, for lexer and source scanner. */
bool char_starts_ident(unsigned char c);
bool char_in_ident(unsigned char c);

#endif
