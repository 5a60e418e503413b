/*
 * include_server/expand.c - see expand.h.
 *
 * The algorithm of gcc's preprocessor: a stack of contexts, each a list of tokens and the macro that
 * it came from. That macro is disabled until the context is used up; its name, read meanwhile, is
 * marked and never expanded again. Arguments are expanded on a stack of their own.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/expand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum {
	DEPTH_MAX = 200,	/* arguments within arguments; beyond it the unit counts as too much work */
	SCRATCH_MAX = 64 << 20	/* bytes for one directive; so does more */
};

struct context {
	struct context *below;
	const struct tok *at, *end;
	struct symbol *symbol;		/* whose expansion this is, or NULL (slots may move: not the slot) */
};

/* --------------------------------------------------------------- the table */

void predefined_add(struct predefined *predefined, struct macro *macro)
{
	uint32_t id = macro->symbol->id;

	if (id >= predefined->n) {
		uint32_t more = (id + 1024) & ~511u;

		predefined->table = mem_resize(predefined->table, more, sizeof(struct macro *));
		memset(predefined->table + predefined->n, 0, (more - predefined->n) * sizeof(struct macro *));
		predefined->n = more;
	}
	predefined->table[id] = macro;
}

static struct macro *predefined_get(const struct predefined *predefined, uint32_t id)
{
	return id < predefined->n ? predefined->table[id] : NULL;
}

void macros_start(struct macros *macros, const struct predefined *base)
{
	macros->base = base;
	macros->uncertain = 0;
	macros->saved = NULL;
	macros->steps = 0;
	macros->line = macros->level = 0;
	arena_clear(&macros->scratch);
	arena_clear(&macros->unit);
	if (++macros->stamp == 0) {
		memset(macros->slots, 0, macros->n_slots * sizeof(struct slot));
		macros->stamp = 1;
	}
}

void macros_release(struct macros *macros)
{
	free(macros->slots);
	arena_release(&macros->scratch);
	arena_release(&macros->unit);
}

struct slot *macros_slot(struct macros *macros, uint32_t id)
{
	struct slot *slot;

	if (id >= macros->n_slots) {
		uint32_t n = (id + 8192) & ~4095u;

		macros->slots = mem_resize(macros->slots, n, sizeof(struct slot));
		memset(macros->slots + macros->n_slots, 0, (n - macros->n_slots) * sizeof(struct slot));
		macros->n_slots = n;
	}
	slot = &macros->slots[id];
	if (slot->stamp != macros->stamp)
		*slot = (struct slot){ macros->stamp, false, 0, predefined_get(macros->base, id) };
	return slot;
}

const struct slot *macros_read(struct macros *macros, const struct symbol *symbol)
{
	const struct slot *slot = macros_slot(macros, symbol->id);

	note_number(macros->notes, NOTE_READ, symbol->id, (uintptr_t)slot->macro | slot->maybe);
	return slot;
}

void macros_define(struct macros *macros, struct macro *macro)
{
	struct slot *slot = macros_slot(macros, macro->symbol->id);

	note_number(macros->notes, NOTE_WRITE, macro->symbol->id, 0);
	slot->maybe = macros->uncertain > 0;
	slot->macro = macro;
}

void macros_undef(struct macros *macros, const struct symbol *symbol)
{
	struct slot *slot = macros_slot(macros, symbol->id);

	/* In a branch that may not be taken an old definition may live on. */
	if (macros->uncertain)
		macros_read(macros, symbol);
	note_number(macros->notes, NOTE_WRITE, symbol->id, 0);
	if (macros->uncertain) {
		slot->maybe = slot->maybe || slot->macro;
		return;
	}
	slot->maybe = false;
	slot->macro = NULL;
}

void macros_push(struct macros *macros, struct symbol *symbol)
{
	struct saved_macro *saved = arena_alloc(&macros->unit, sizeof(*saved));

	notes_spoil(macros->notes);
	*saved = (struct saved_macro){ macros->saved, symbol, *macros_slot(macros, symbol->id) };
	macros->saved = saved;
}

void macros_pop(struct macros *macros, const struct symbol *symbol)
{
	notes_spoil(macros->notes);
	for (struct saved_macro **at = &macros->saved; *at; at = &(*at)->below) {
		if ((*at)->symbol == symbol) {
			*macros_slot(macros, symbol->id) = (*at)->slot;
			*at = (*at)->below;
			return;
		}
	}
}

/* The tokens are kept for all threads; the loser's copy stays in the arena unused. */
static const struct frozen *publish(_Atomic(struct frozen *) *where, struct symbols *symbols, const struct tokens *tokens)
{
	struct frozen *frozen, *expected = NULL;

	pthread_mutex_lock(&symbols->lock);
	frozen = arena_alloc(&symbols->arena, sizeof(*frozen) + tokens->n * sizeof(struct tok));
	pthread_mutex_unlock(&symbols->lock);
	frozen->n = tokens->n;
	if (tokens->n)
		memcpy(frozen->at, tokens->at, tokens->n * sizeof(struct tok));
	return atomic_compare_exchange_strong(where, &expected, frozen) ? frozen : expected;
}

const struct frozen *freeze(_Atomic(struct frozen *) *where, struct symbols *symbols,
			    const char *text, size_t len)
{
	const struct frozen *frozen = atomic_load_explicit(where, memory_order_acquire);
	struct arena arena = ARENA_INIT;
	struct tokens tokens = { .arena = &arena };

	if (frozen)
		return frozen;
	lex(&tokens, symbols, text, len);
	frozen = publish(where, symbols, &tokens);
	arena_release(&arena);
	return frozen;
}

/* The body of a macro, with its parameters found. */
static const struct frozen *macro_body(struct macro *macro, struct symbols *symbols)
{
	const struct frozen *frozen = atomic_load_explicit(&macro->tokens, memory_order_acquire);
	struct arena arena = ARENA_INIT;
	struct tokens tokens = { .arena = &arena };

	if (frozen)
		return frozen;
	lex(&tokens, symbols, macro->body, macro->body_len);
	for (size_t i = 0; i < tokens.n; i++)
		for (uint16_t k = 0; tokens.at[i].kind == TOK_IDENT && k < macro->n_params; k++)
			if (macro->params[k] == tokens.at[i].symbol) {
				tokens.at[i].kind = TOK_PARAM;
				tokens.at[i].param = k;
			}
	frozen = publish(&macro->tokens, symbols, &tokens);
	arena_release(&arena);
	return frozen;
}

/* --------------------------------------------------------------- contexts */

static void push(struct expander *x, const struct tok *toks, size_t n, struct symbol *symbol)
{
	struct context *context = arena_alloc(&x->macros->scratch, sizeof(*context));

	*context = (struct context){ x->top, toks, n ? toks + n : toks, NULL };
	context->symbol = symbol;
	if (symbol)
		macros_slot(x->macros, symbol->id)->disabled++;
	x->top = context;
}

static void pop(struct expander *x)
{
	if (x->top->symbol)
		macros_slot(x->macros, x->top->symbol->id)->disabled--;
	x->top = x->top->below;
}

void expander_start(struct expander *x, struct macros *macros, const struct tok *toks, size_t n)
{
	*x = (struct expander){ .macros = macros };
	push(x, toks, n, NULL);
}

void expander_stop(struct expander *x)
{
	while (x->top)
		pop(x);
}

bool expander_raw(struct expander *x, struct tok *tok)
{
	while (x->top && x->top->at == x->top->end)
		pop(x);
	if (x->macros->scratch.total > SCRATCH_MAX)
		x->macros->steps = x->macros->steps_max;
	if (!x->top || ++x->macros->steps > x->macros->steps_max)
		return false;
	*tok = *x->top->at++;
	return true;
}

static bool paren_follows(struct expander *x)
{
	while (x->top && x->top->at == x->top->end)
		pop(x);
	return x->top && TOK_IS(x->top->at, "(");
}

/* --------------------------------------------------------------- arguments */

struct argument {
	struct tokens raw, expanded;
	bool is_expanded;
};

/* Behind the name of a function-like macro: "( ... )". False if the parenthesis never closes. */
static bool collect_arguments(struct expander *x, const struct macro *macro, struct argument *args,
			      size_t *n_args)
{
	struct tok tok;
	size_t n = 0;
	int depth = 0;

	expander_raw(x, &tok);
	while (expander_raw(x, &tok)) {
		if (TOK_IS(&tok, "(")) {
			depth++;
		} else if (TOK_IS(&tok, ")")) {
			if (depth-- == 0) {
				*n_args = n + 1;
				return true;
			}
		} else if (TOK_IS(&tok, ",") && depth == 0 &&
			   !(macro->variadic && n + 1 == macro->n_params)) {
			if (++n >= macro->n_params)
				n = macro->n_params ? macro->n_params - 1u : 0;	/* too many: an error elsewhere */
			continue;
		} else if (tok.kind == TOK_IDENT && macros_slot(x->macros, tok.symbol->id)->disabled) {
			tok.no_expand = true;
		}
		tokens_add(&args[n].raw, &tok);
	}
	return false;
}

static const struct tokens *expanded(struct expander *x, struct argument *arg)
{
	struct expander inner;
	struct tok tok;

	if (arg->is_expanded)
		return &arg->expanded;
	arg->is_expanded = true;
	if (x->depth >= DEPTH_MAX) {
		x->macros->steps = x->macros->steps_max;
		return &arg->expanded;
	}
	expander_start(&inner, x->macros, arg->raw.at, arg->raw.n);
	inner.depth = x->depth + 1;
	while (expander_next(&inner, &tok))
		tokens_add(&arg->expanded, &tok);
	expander_stop(&inner);
	x->unknown |= inner.unknown;
	return &arg->expanded;
}

/* --------------------------------------------------------------- substitution */

struct substitution {
	struct expander *x;
	const struct macro *macro;
	struct argument *args;
	struct tokens out;
};

static struct tok text_token(struct macros *macros, enum tok_kind kind, const char *text,
			     size_t len, bool space)
{
	return (struct tok){ .kind = (uint8_t)kind, .space = space, .len = (uint32_t)len,
			     .text = arena_text(&macros->scratch, text, len) };
}

static void stringify(struct substitution *s, const struct tokens *arg, bool space)
{
	autobuf text = BUF_INIT;
	struct tok tok;

	buf_add(&text, "\"", 1);
	for (size_t i = 0; i < arg->n; i++) {
		bool is_literal = arg->at[i].kind == TOK_STRING || arg->at[i].kind == TOK_CHAR;

		if (i && arg->at[i].space)
			buf_add(&text, " ", 1);
		for (uint32_t k = 0; k < arg->at[i].len; k++) {
			if (is_literal && (arg->at[i].text[k] == '"' || arg->at[i].text[k] == '\\'))
				buf_add(&text, "\\", 1);
			buf_add(&text, arg->at[i].text + k, 1);
		}
	}
	buf_add(&text, "\"", 1);
	tok = text_token(s->x->macros, TOK_STRING, text.data, text.len, space);
	tokens_add(&s->out, &tok);
}

/* Left operand: the last token of s->out. */
static void paste(struct substitution *s, const struct tok *right)
{
	struct tok *left = &s->out.at[s->out.n - 1];
	struct tokens joined = { .arena = &s->x->macros->scratch };
	char *text;

	if (right->kind == TOK_PLACEMARKER)
		return;
	if (left->kind == TOK_PLACEMARKER) {
		bool space = left->space;

		*left = *right;
		left->space = space;
		return;
	}
	text = arena_alloc(&s->x->macros->scratch, left->len + right->len + 1);
	memcpy(text, left->text, left->len);
	memcpy(text + left->len, right->text, right->len);
	lex(&joined, s->x->macros->symbols, text, left->len + right->len);
	if (!joined.n)
		return;
	joined.at[0].space = left->space;
	*left = joined.at[0];
	for (size_t i = 1; i < joined.n; i++)
		tokens_add(&s->out, &joined.at[i]);
}

static void add_list(struct substitution *s, const struct tokens *list, bool space, bool mark_nothing)
{
	static const struct tok nothing = { .kind = TOK_PLACEMARKER, .text = "" };

	if (!list->n && mark_nothing)
		tokens_add(&s->out, &nothing);
	for (size_t i = 0; i < list->n; i++) {
		tokens_add(&s->out, &list->at[i]);
		if (i == 0)
			s->out.at[s->out.n - 1].space = space;
	}
}

/* The index of the parenthesis that closes the one at `open`, or n. */
static size_t closing(const struct tok *body, size_t n, size_t open)
{
	int depth = 0;

	for (size_t i = open; i < n; i++) {
		if (TOK_IS(&body[i], "("))
			depth++;
		else if (TOK_IS(&body[i], ")") && --depth == 0)
			return i;
	}
	return n;
}

static bool variadic_is_empty(struct substitution *s)
{
	return !expanded(s->x, &s->args[s->macro->n_params - 1])->n;
}

/* The operand behind "##". Returns the number of body tokens that it took. */
static size_t paste_operand(struct substitution *s, const struct tok *body, size_t n)
{
	static const struct tok nothing = { .kind = TOK_PLACEMARKER, .text = "" };
	const struct tokens *raw;

	if (!s->out.n)
		tokens_add(&s->out, &nothing);
	if (body->kind != TOK_PARAM) {
		if (s->macro->function_like && TOK_IS(body, "#") && n > 1 && body[1].kind == TOK_PARAM) {
			struct substitution part = { s->x, s->macro, s->args, { .arena = s->out.arena } };

			stringify(&part, &s->args[body[1].param].raw, false);
			paste(s, &part.out.at[0]);
			return 2;
		}
		paste(s, body);
		return 1;
	}
	raw = &s->args[body->param].raw;
	/* GNU: a comma before ## and the variable arguments goes with them, or stays unpasted. */
	if (s->macro->variadic && body->param == s->macro->n_params - 1 &&
	    TOK_IS(&s->out.at[s->out.n - 1], ",")) {
		if (!raw->n)
			s->out.n--;
		else
			add_list(s, expanded(s->x, &s->args[body->param]), body->space, false);
		return 1;
	}
	paste(s, raw->n ? &raw->at[0] : &nothing);
	for (size_t i = 1; i < raw->n; i++)
		tokens_add(&s->out, &raw->at[i]);
	return 1;
}

static void substitute(struct substitution *s, const struct tok *body, size_t n)
{
	for (size_t i = 0; i < n && s->x->macros->steps < s->x->macros->steps_max; s->x->macros->steps++) {
		const struct tok *tok = &body[i];
		bool before_paste = i + 1 < n && (TOK_IS(&body[i + 1], "##") || TOK_IS(&body[i + 1], "%:%:"));

		if (i > 0 && i + 1 < n && (TOK_IS(tok, "##") || TOK_IS(tok, "%:%:"))) {
			i += 1 + paste_operand(s, &body[i + 1], n - i - 1);
		} else if (s->macro->function_like && i + 1 < n && TOK_IS(tok, "#") &&
			   body[i + 1].kind == TOK_PARAM) {
			stringify(s, &s->args[body[i + 1].param].raw, tok->space);
			i += 2;
		} else if (tok->kind == TOK_PARAM) {
			if (before_paste)
				add_list(s, &s->args[tok->param].raw, tok->space, true);
			else
				add_list(s, expanded(s->x, &s->args[tok->param]), tok->space, false);
			i++;
		} else if (tok->kind == TOK_IDENT && tok->symbol->role == ROLE_VA_OPT && s->macro->variadic &&
			   i + 1 < n && TOK_IS(&body[i + 1], "(")) {
			size_t close = closing(body, n, i + 1);

			if (!variadic_is_empty(s) && close > i + 2)
				substitute(s, body + i + 2, close - i - 2);
			i = close + 1;
		} else {
			tokens_add(&s->out, tok);
			i++;
		}
	}
}

static void drop_placemarkers(struct tokens *tokens)
{
	size_t n = 0;

	for (size_t i = 0; i < tokens->n; i++)
		if (tokens->at[i].kind != TOK_PLACEMARKER)
			tokens->at[n++] = tokens->at[i];
	tokens->n = n;
}

/* Replaces the macro whose name was just read; false if it is no call after all. */
static bool enter_macro(struct expander *x, struct macro *macro, const struct tok *name)
{
	const struct frozen *body = macro_body(macro, x->macros->symbols);
	struct substitution s = { x, macro, NULL, { .arena = &x->macros->scratch } };
	size_t n_args = 0;

	if (!macro->function_like) {
		bool plain = true;

		for (size_t i = 0; i < body->n && plain; i++)
			plain = !TOK_IS(&body->at[i], "##") && !TOK_IS(&body->at[i], "%:%:");
		if (plain) {
			push(x, body->at, body->n, macro->symbol);
			return true;
		}
	} else {
		if (!paren_follows(x))
			return false;
		s.args = arena_alloc(&x->macros->scratch, (macro->n_params + 1u) * sizeof(struct argument));
		for (size_t i = 0; i <= macro->n_params; i++)
			s.args[i].raw.arena = s.args[i].expanded.arena = &x->macros->scratch;
		if (!collect_arguments(x, macro, s.args, &n_args))
			return false;
	}
	substitute(&s, body->at, body->n);
	drop_placemarkers(&s.out);
	if (s.out.n)
		s.out.at[0].space = name->space;
	push(x, s.out.at, s.out.n, macro->symbol);
	return true;
}

static void number_token(struct expander *x, struct tok *tok, unsigned value)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", value);

	*tok = text_token(x->macros, TOK_NUMBER, text, (size_t)len, tok->space);
}

bool expander_next(struct expander *x, struct tok *tok)
{
	while (expander_raw(x, tok)) {
		const struct slot *slot;

		if (tok->kind != TOK_IDENT || tok->no_expand)
			return true;
		slot = macros_read(x->macros, tok->symbol);
		if (slot->maybe)
			x->unknown = true;
		if (!slot->macro) {
			if (tok->symbol->role == ROLE_LINE)
				number_token(x, tok, x->macros->line);
			else if (tok->symbol->role == ROLE_LEVEL)
				notes_spoil(x->macros->notes), number_token(x, tok, x->macros->level);
			else if (tok->symbol->role == ROLE_UNKNOWABLE || tok->symbol->role == ROLE_FILE)
				x->unknown = true;
			return true;
		}
		if (slot->disabled) {
			tok->no_expand = true;
			return true;
		}
		/* from here on the slot may have moved */
		if (!enter_macro(x, slot->macro, tok))
			return true;
	}
	return false;
}
