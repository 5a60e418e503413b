/*
 * compiler/guards.c - see guards.h.
 *
 * A source becomes a list of tokens, without comments and directives. Each if, else, for, while and switch
 * in it guards the statement that follows; what comes next is compared with it as the compilers do. What is
 * between "#else" and "#endif" is a list of its own.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/guards.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { TAB_STOP = 8, BRANCHES_MAX = 100 };

struct token {
	const char *text;
	size_t len;
	int line;
	int column;			/* as a terminal shows it */
	int line_column;		/* of the first token of its line */
	bool ends_do;			/* a "while" that guards nothing */
};

struct tokens {
	struct token *list;
	size_t n, n_max;
};

struct place {
	const char *at, *end;
	int line, column, line_column;	/* line_column: -1 until the line has a token */
};

/* --------------------------------------------------------------- tokens */

static void step(struct place *place)
{
	if (*place->at == '\n') {
		place->line++;
		place->column = 0;
		place->line_column = -1;
	} else if (*place->at == '\t') {
		place->column += TAB_STOP - place->column % TAB_STOP;
	} else {
		place->column++;
	}
	place->at++;
}

static void step_to(struct place *place, const char *to)
{
	while (place->at < to)
		step(place);
}

static bool starts(const struct place *place, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(place->end - place->at) >= len && memcmp(place->at, word, len) == 0;
}

static const char *end_of_line(const struct place *place)
{
	const char *at = place->at;

	/* lines that end in a backslash go on */
	while (at < place->end && (*at != '\n' || at[-1] == '\\' ||
				   (at - place->at > 1 && at[-1] == '\r' && at[-2] == '\\')))
		at++;
	return at;
}

static const char *end_of_quote(const struct place *place)
{
	const char *at = place->at + 1;

	while (at < place->end && *at != *place->at && *at != '\n')
		at += *at == '\\' && at + 1 < place->end ? 2 : 1;
	return at < place->end ? at + 1 : place->end;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static const char *end_of_word(const struct place *place)
{
	const char *at = place->at;
	bool is_number = isdigit((unsigned char)*at);

	/* 1'000 */
	while (at < place->end && (is_word(*at) || (is_number && *at == '\'' &&
						    at + 1 < place->end && is_word(at[1]))))
		at++;
	return at;
}

/* R"x(...)x", seen at its first quote. */
static const char *end_of_raw_string(const struct place *place)
{
	const char *open = memchr(place->at, '(', (size_t)(place->end - place->at));
	size_t len = open ? (size_t)(open - place->at) - 1 : 0;

	for (const char *at = open; at; at = memchr(at + 1, ')', (size_t)(place->end - at - 1)))
		if (at > open && (size_t)(place->end - at) > len + 1 &&
		    memcmp(at + 1, place->at + 1, len) == 0 && at[len + 1] == '"')
			return at + len + 2;
	return place->end;
}

static void add(struct tokens *tokens, struct place *place, const char *end)
{
	if (place->line_column < 0)
		place->line_column = place->column;
	if (tokens->n == tokens->n_max) {
		tokens->n_max = tokens->n_max ? tokens->n_max * 2 : 1024;
		tokens->list = mem_resize(tokens->list, tokens->n_max, sizeof(*tokens->list));
	}
	tokens->list[tokens->n++] = (struct token){ place->at,          (size_t)(end - place->at),
						    place->line,        place->column,
						    place->line_column, false };
	step_to(place, end);
}

static bool is_raw_prefix(const struct tokens *tokens, const struct place *place)
{
	const struct token *last = tokens->n ? &tokens->list[tokens->n - 1] : NULL;

	return last && last->text + last->len == place->at && last->text[last->len - 1] == 'R' &&
	       last->len <= 3;
}

static void take_token(struct tokens *tokens, struct place *place)
{
	if (*place->at == '"' && is_raw_prefix(tokens, place))
		add(tokens, place, end_of_raw_string(place));
	else if (*place->at == '"' || *place->at == '\'')
		add(tokens, place, end_of_quote(place));
	else
		add(tokens, place, is_word(*place->at) ? end_of_word(place) : place->at + 1);
}

static bool skip_blank(struct place *place)
{
	if (isspace((unsigned char)*place->at) || *place->at == '\\') {
		step(place);
	} else if (starts(place, "/*")) {
		const char *close = memmem(place->at + 2, (size_t)(place->end - place->at - 2), "*/", 2);

		step_to(place, close ? close + 2 : place->end);
	} else if (starts(place, "//")) {
		step_to(place, end_of_line(place));
	} else {
		return false;
	}
	return true;
}

/* --------------------------------------------------------------- statements */

static bool is(const struct tokens *tokens, size_t at, const char *word)
{
	const struct token *token = tokens->list + at;

	return at < tokens->n && token->len == strlen(word) && memcmp(token->text, word, token->len) == 0;
}

/* Behind the bracket that closes the one at `at`. */
static size_t skip_brackets(const struct tokens *tokens, size_t at)
{
	size_t depth = 0;

	for (; at < tokens->n; at++) {
		char c = tokens->list[at].text[0];

		if (c == '(' || c == '{' || c == '[')
			depth++;
		else if ((c == ')' || c == '}' || c == ']') && --depth == 0)
			return at + 1;
	}
	return tokens->n;
}

/* Behind "if (...)" and its like, or `at` if this is none of them. */
static size_t skip_guard(const struct tokens *tokens, size_t at)
{
	size_t paren = at + 1;

	if (is(tokens, at, "else") || is(tokens, at, "do"))
		return at + 1;
	if (!is(tokens, at, "if") && !is(tokens, at, "for") && !is(tokens, at, "while") &&
	    !is(tokens, at, "switch"))
		return at;
	if (is(tokens, paren, "constexpr"))
		paren++;
	return is(tokens, paren, "(") ? skip_brackets(tokens, paren) : at;
}

/* Behind guards and labels. */
static size_t skip_prefixes(const struct tokens *tokens, size_t at, size_t *n_ifs, size_t *n_dos)
{
	for (;;) {
		size_t next = skip_guard(tokens, at);

		if (next == at && is(tokens, at + 1, ":"))
			next = at + 2;
		if (next == at)
			return at;
		*n_ifs += is(tokens, at, "if");
		*n_dos += is(tokens, at, "do");
		at = next;
	}
}

static size_t skip_simple(const struct tokens *tokens, size_t at)
{
	if (is(tokens, at, "{"))
		return skip_brackets(tokens, at);
	while (at < tokens->n && !is(tokens, at, "}") && !is(tokens, at, ";")) {
		char c = tokens->list[at].text[0];

		at = c == '(' || c == '{' || c == '[' ? skip_brackets(tokens, at) : at + 1;
	}
	return is(tokens, at, ";") ? at + 1 : at;
}

static size_t skip_statement(const struct tokens *tokens, size_t at)
{
	size_t n_ifs = 0, n_dos = 0;

	for (;; n_ifs--) {
		at = skip_simple(tokens, skip_prefixes(tokens, at, &n_ifs, &n_dos));
		for (; n_dos && is(tokens, at, "while"); n_dos--)
			at = skip_simple(tokens, at);
		/* an "else" too many is that of an "if" before */
		if (!n_ifs || !is(tokens, at, "else"))
			return at;
	}
}

/* As gcc compares the columns of a guard, its body and what comes behind that. */
static bool indentation_misleads(const struct token *guard, const struct token *body,
				 const struct token *next)
{
	if (next->line == body->line)
		return guard->line != body->line || guard->column == guard->line_column;
	if (body->line == guard->line)
		return next->column > guard->line_column;
	return next->column == body->column && body->column > guard->line_column;
}

static bool guard_misleads(struct tokens *tokens, size_t at, const struct guard_warnings *warnings)
{
	size_t body = skip_guard(tokens, at), next;
	const struct token *guard = &tokens->list[at];
	bool is_empty = is(tokens, body, ";");

	if (is(tokens, at, "do")) {
		next = skip_statement(tokens, body);
		if (is(tokens, next, "while"))
			tokens->list[next].ends_do = true;
		return false;
	}
	if (body == at || guard->ends_do || body >= tokens->n || is(tokens, body, "{") ||
	    (is(tokens, at, "else") && is(tokens, body, "if")))
		return false;
	next = skip_statement(tokens, body);
	if (next >= tokens->n)
		return false;
	if (warnings->empty_bodies && is_empty && tokens->list[body].line == tokens->list[body - 1].line) {
		/* of loops only what looks like their body is warned of */
		if (!is(tokens, at, "for") && !is(tokens, at, "while"))
			return true;
		if (is(tokens, next, "{") || tokens->list[next].column > guard->column)
			return true;
	}
	if (warnings->indentation && is_empty && is(tokens, next, "{"))
		return true;
	return warnings->indentation && !is(tokens, next, "}") && !is(tokens, next, "else") &&
	       !is(tokens, next, "case") && !is(tokens, next, "default") &&
	       indentation_misleads(guard, &tokens->list[body], &tokens->list[next]);
}

/* --------------------------------------------------------------- the whole */

static bool examine(struct place *place, int level, const struct guard_warnings *warnings);

/* At a directive. Counts the conditions that are open. */
static bool take_directive(struct place *place, int level, int *n_open, const struct guard_warnings *warnings)
{
	const char *end = end_of_line(place), *name = place->at + 1;

	while (name < end && (*name == ' ' || *name == '\t'))
		name++;
	step_to(place, end);
	if (end - name >= 2 && memcmp(name, "if", 2) == 0)
		++*n_open;
	else if (end - name >= 5 && memcmp(name, "endif", 5) == 0)
		--*n_open;
	else if (end - name >= 2 && memcmp(name, "el", 2) == 0 && *n_open > 0 && level < BRANCHES_MAX) {
		--*n_open;
		return examine(place, level + 1, warnings);
	}
	return false;
}

/* To the end, or to that of a branch. */
static bool examine(struct place *place, int level, const struct guard_warnings *warnings)
{
	struct tokens tokens = { NULL, 0, 0 };
	bool found = false;
	int n_open = 0;

	while (place->at < place->end && !found && (n_open >= 0 || !level)) {
		if (*place->at == '#' && place->line_column < 0)
			found = take_directive(place, level, &n_open, warnings);
		else if (!skip_blank(place))
			take_token(&tokens, place);
	}
	for (size_t i = 0; i < tokens.n && !found; i++)
		found = guard_misleads(&tokens, i, warnings);
	free(tokens.list);
	return found;
}

bool guards_may_mislead(const char *source, size_t len, const struct guard_warnings *warnings)
{
	struct place place = { source, source + len, 1, 0, -1 };

	return examine(&place, 0, warnings);
}
