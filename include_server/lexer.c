/*
 * include_server/lexer.c - see lexer.h.
 *
 * Bytes above 0x7f count as letters (UTF-8 identifiers), '$' too. What no rule knows is a token of
 * one byte: in a directive that matters nothing stands there.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/lexer.h"

#include <string.h>

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

bool char_starts_ident(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c >= 0x80;
}

bool char_in_ident(unsigned char c)
{
	return char_starts_ident(c) || is_digit(c);
}

void tokens_add(struct tokens *tokens, const struct tok *tok)
{
	if (tokens->n == tokens->capacity) {
		size_t capacity = tokens->capacity ? tokens->capacity * 2 : 16;
		struct tok *more = arena_alloc(tokens->arena, capacity * sizeof(*more));

		if (tokens->n)
			memcpy(more, tokens->at, tokens->n * sizeof(*more));
		tokens->at = more;
		tokens->capacity = capacity;
	}
	tokens->at[tokens->n++] = *tok;
}

static size_t number_len(const char *text, size_t len)
{
	size_t i = 1;

	while (i < len) {
		char c = text[i];

		if ((c == '+' || c == '-') && strchr("eEpP", text[i - 1]))
			i++;
		else if (char_in_ident((unsigned char)c) || c == '.')
			i++;
		else if (c == '\'' && i + 1 < len && char_in_ident((unsigned char)text[i + 1]))
			i += 2;
		else
			break;
	}
	return i;
}

/* From the opening quote; an unclosed one ends with the text. */
static size_t quoted_len(const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (text[i] == '\\')
			i++;
		else if (text[i] == text[0])
			return i + 1;
	}
	return len;
}

static size_t punctuation_len(const char *text, size_t len)
{
	static const char *const long_ones[] = {
		"%:%:", "...", "<<=", ">>=", "<=>", "->*", "##", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "->", "::",
		"++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "%:", ".*",
	};

	if (strchr("()[]{};,?~", text[0]))
		return 1;
	for (size_t i = 0; i < sizeof(long_ones) / sizeof(long_ones[0]); i++) {
		size_t n = strlen(long_ones[i]);

		if (n <= len && memcmp(long_ones[i], text, n) == 0)
			return n;
	}
	return 1;
}

static bool is_prefix(const struct tok *tok)
{
	static const char *const prefixes[] = { "L", "u", "U", "u8", "R", "LR", "uR", "UR", "u8R" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strlen(prefixes[i]) == tok->len && memcmp(prefixes[i], tok->text, tok->len) == 0)
			return true;
	return false;
}

/* Is the '<' at this point the beginning of a header's name, behind "__has_include ("? */
static bool header_is_due(const struct tokens *tokens, size_t start)
{
	const struct tok *name, *open;

	if (tokens->n < start + 2)
		return false;
	name = &tokens->at[tokens->n - 2];
	open = &tokens->at[tokens->n - 1];
	return TOK_IS(open, "(") && name->kind == TOK_IDENT &&
		(name->symbol->role == ROLE_HAS_INCLUDE || name->symbol->role == ROLE_HAS_INCLUDE_NEXT);
}

void lex(struct tokens *tokens, struct symbols *symbols, const char *text, size_t len)
{
	size_t start = tokens->n;
	bool space = false;

	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)text[i];
		struct tok tok = { .kind = TOK_PUNCT, .space = space, .text = text + i };
		const char *end;

		if (c == ' ' || (c >= '\t' && c <= '\r')) {
			space = true;
			i++;
			continue;
		}
		if (char_starts_ident(c)) {
			size_t n = 1;

			while (i + n < len && char_in_ident((unsigned char)text[i + n]))
				n++;
			tok.kind = TOK_IDENT;
			tok.len = (uint32_t)n;
			if (i + n < len && (text[i + n] == '"' || text[i + n] == '\'') && is_prefix(&tok)) {
				tok.kind = text[i + n] == '"' ? TOK_STRING : TOK_CHAR;
				tok.len += (uint32_t)quoted_len(text + i + n, len - i - n);
			} else {
				tok.symbol = symbol_get(symbols, tok.text, n);
			}
		} else if (is_digit(c) || (c == '.' && i + 1 < len && is_digit((unsigned char)text[i + 1]))) {
			tok.kind = TOK_NUMBER;
			tok.len = (uint32_t)number_len(text + i, len - i);
		} else if (c == '"' || c == '\'') {
			tok.kind = c == '"' ? TOK_STRING : TOK_CHAR;
			tok.len = (uint32_t)quoted_len(text + i, len - i);
		} else if (c == '<' && header_is_due(tokens, start) &&
			   (end = memchr(text + i, '>', len - i))) {
			tok.kind = TOK_HEADER;
			tok.len = (uint32_t)(end + 1 - tok.text);
		} else {
			tok.len = (uint32_t)punctuation_len(text + i, len - i);
		}
		tokens_add(tokens, &tok);
		i += tok.len;
		space = false;
	}
}
