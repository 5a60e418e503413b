/*
 * include_server/condition.c - see condition.h.
 *
 * Precedence climbing over expanded tokens. "Unknown" is a value: false && unknown is false, true ||
 * unknown is true, everything else with it is unknown. What a compiler would reject is unknown too.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/condition.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct value {
	int64_t number;
	bool is_unsigned;
	bool unknown;
};

struct reader {
	struct expander x;
	const struct oracle *oracle;
	struct tok tok;
	bool ended;
	bool bad;
	int depth;
};

enum { NESTING_MAX = 500 };

static struct value number(int64_t n)
{
	return (struct value){ n, false, false };
}

static struct value unknown(void)
{
	return (struct value){ 0, false, true };
}

static void advance(struct reader *r)
{
	r->ended = !expander_next(&r->x, &r->tok);
}

static bool at(const struct reader *r, const char *punctuation)
{
	return !r->ended && r->tok.text[0] == punctuation[0] &&
	       tok_is(&r->tok, punctuation, strlen(punctuation));
}

/* --------------------------------------------------------------- leaves */

static struct value parse_number(const struct tok *tok)
{
	char text[80];
	size_t n = 0;
	char *end;
	struct value value = { 0, false, false };

	if (tok->len >= sizeof(text))
		return unknown();
	for (uint32_t i = 0; i < tok->len; i++)
		if (tok->text[i] != '\'')
			text[n++] = tok->text[i];
	text[n] = '\0';
	if (text[0] == '0' && (text[1] == 'b' || text[1] == 'B'))
		value.number = (int64_t)strtoull(text + 2, &end, 2);
	else
		value.number = (int64_t)strtoull(text, &end, 0);
	for (; *end; end++) {
		if (*end == 'u' || *end == 'U')
			value.is_unsigned = true;
		else if (!strchr("lLzZwW", *end))
			return unknown();
	}
	/* A literal that only fits unsigned is unsigned. */
	if (value.number < 0)
		value.is_unsigned = true;
	return value;
}

static struct value parse_char(const struct tok *tok)
{
	const char *p = memchr(tok->text, '\'', tok->len);
	const char *end = tok->text + tok->len - 1;

	if (!p || end - p < 2)
		return unknown();
	p++;
	if (*p != '\\')
		return end - p == 1 ? number((signed char)*p) : unknown();
	if (end - p == 2) {
		static const char from[] = "ntrabfv0\\'\"?", to[] = "\n\t\r\a\b\f\v\0\\'\"?";
		const char *found = strchr(from, p[1]);

		return found ? number(to[found - from]) : unknown();
	}
	return unknown();
}

static struct value parse_defined(struct reader *r)
{
	struct tok tok;
	bool paren = false;
	enum truth truth;

	if (expander_raw(&r->x, &tok) && TOK_IS(&tok, "(")) {
		paren = true;
		if (!expander_raw(&r->x, &tok))
			return unknown();
	}
	if (tok.kind != TOK_IDENT)
		return unknown();
	truth = condition_defined(r->x.macros, r->oracle, tok.symbol);
	if (paren && (!expander_raw(&r->x, &tok) || !TOK_IS(&tok, ")")))
		return unknown();
	return truth == TRUTH_UNKNOWN ? unknown() : number(truth == TRUTH_TRUE);
}

/* The rest up to the closing parenthesis, as text; false if it does not close. */
static bool read_argument(struct reader *r, struct buf *text, bool expand)
{
	struct tok tok;
	int depth = 0;

	while (expand ? expander_next(&r->x, &tok) : expander_raw(&r->x, &tok)) {
		if (TOK_IS(&tok, ")") && depth-- == 0)
			return true;
		depth += TOK_IS(&tok, "(");
		if (text->len && tok.space)
			buf_add(text, " ", 1);
		buf_add(text, tok.text, tok.len);
	}
	return false;
}

static struct value parse_has_include(struct reader *r, bool next)
{
	autobuf text = BUF_INIT;
	struct tok tok;
	enum truth truth;

	if (!expander_raw(&r->x, &tok) || !TOK_IS(&tok, "(") || !read_argument(r, &text, true) ||
	    text.len < 2)
		return unknown();
	truth = r->oracle->has_include(r->oracle->context, text.data, text.len, next);
	return truth == TRUTH_UNKNOWN ? unknown() : number(truth == TRUTH_TRUE);
}

static struct value parse_has_something(struct reader *r, const struct symbol *symbol)
{
	autobuf argument = BUF_INIT, question = BUF_INIT;
	struct tok tok;
	long long answer;

	if (!expander_raw(&r->x, &tok) || !TOK_IS(&tok, "(") || !read_argument(r, &argument, true))
		return unknown();
	buf_add_format(&question, "%s(%s)", symbol->name, argument.data ? argument.data : "");
	return r->oracle->has_something(r->oracle->context, question.data, &answer) ? number(answer) : unknown();
}

static struct value parse_ident(struct reader *r)
{
	const struct symbol *symbol = r->tok.symbol;

	switch (symbol->role) {
	case ROLE_DEFINED:
		return parse_defined(r);
	case ROLE_HAS_INCLUDE:
	case ROLE_HAS_INCLUDE_NEXT:
		return parse_has_include(r, symbol->role == ROLE_HAS_INCLUDE_NEXT);
	case ROLE_HAS_SOMETHING:
		if (r->oracle->is_operator(r->oracle->context, symbol))
			return parse_has_something(r, symbol);
		return number(0);
	case ROLE_UNKNOWABLE:
		return unknown();
	default:
		break;
	}
	if (r->oracle->is_cxx && strcmp(symbol->name, "true") == 0)
		return number(1);
	return number(0);
}

/* --------------------------------------------------------------- operators */

static const struct {
	const char *text, *word;	/* word: C++ has names for some */
	int level;
} operators[] = {
	{ "*", NULL, 10 }, { "/", NULL, 10 }, { "%", NULL, 10 }, { "+", NULL, 9 }, { "-", NULL, 9 },
	{ "<<", NULL, 8 }, { ">>", NULL, 8 }, { "<=", NULL, 7 }, { ">=", NULL, 7 }, { "<", NULL, 7 }, { ">", NULL, 7 },
	{ "==", NULL, 6 }, { "!=", "not_eq", 6 }, { "&", "bitand", 5 }, { "^", "xor", 4 }, { "|", "bitor", 3 },
	{ "&&", "and", 2 }, { "||", "or", 1 },
};

static bool is_word(const struct reader *r, const char *word)
{
	return word && r->oracle->is_cxx && !r->ended && r->tok.kind == TOK_IDENT &&
	       strcmp(r->tok.symbol->name, word) == 0;
}

/* Called behind every operand: a closing parenthesis and the end are the most frequent. */
static int find_operator(const struct reader *r)
{
	if (r->ended || (r->tok.kind != TOK_PUNCT &&
			 !(r->oracle->is_cxx && r->tok.kind == TOK_IDENT)) || r->tok.text[0] == ')')
		return -1;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (r->tok.kind == TOK_IDENT ? is_word(r, operators[i].word) :
		    operators[i].text[0] == r->tok.text[0] && at(r, operators[i].text))
			return (int)i;
	}
	return -1;
}

static struct value compute(const char *op, struct value a, struct value b)
{
	bool uns = a.is_unsigned || b.is_unsigned;
	uint64_t ua = (uint64_t)a.number, ub = (uint64_t)b.number;

	if (strcmp(op, "&&") == 0) {
		if ((!a.unknown && !a.number) || (!b.unknown && !b.number))
			return number(0);
		return a.unknown || b.unknown ? unknown() : number(1);
	}
	if (strcmp(op, "||") == 0) {
		if ((!a.unknown && a.number) || (!b.unknown && b.number))
			return number(1);
		return a.unknown || b.unknown ? unknown() : number(0);
	}
	if (a.unknown || b.unknown)
		return unknown();
	switch (op[0]) {
	case '*': return (struct value){ (int64_t)(ua * ub), uns, false };
	case '+': return (struct value){ (int64_t)(ua + ub), uns, false };
	case '-': return (struct value){ (int64_t)(ua - ub), uns, false };
	case '&': return (struct value){ (int64_t)(ua & ub), uns, false };
	case '^': return (struct value){ (int64_t)(ua ^ ub), uns, false };
	case '|': return (struct value){ (int64_t)(ua | ub), uns, false };
	case '=': return number(ua == ub);
	case '!': return number(ua != ub);
	case '/':
	case '%':
		if (!ub || (!uns && b.number == -1))
			return ub ? (op[0] == '/' ? (struct value){ (int64_t)(0 - ua), false, false } : number(0)) : unknown();
		if (op[0] == '/')
			return (struct value){ uns ? (int64_t)(ua / ub) : a.number / b.number, uns, false };
		return (struct value){ uns ? (int64_t)(ua % ub) : a.number % b.number, uns, false };
	default:
		break;
	}
	if (op[1] == op[0]) {		/* << >> */
		if (ub > 63)
			return (struct value){ op[0] == '>' && !a.is_unsigned && a.number < 0 ? -1 : 0, a.is_unsigned, false };
		if (op[0] == '<')
			return (struct value){ (int64_t)(ua << ub), a.is_unsigned, false };
		return (struct value){ a.is_unsigned ? (int64_t)(ua >> ub) : a.number >> ub,
				       a.is_unsigned, false };
	}
	if (op[0] == '<' ? (uns ? ua < ub : a.number < b.number) : (uns ? ua > ub : a.number > b.number))
		return number(1);
	return number(op[1] == '=' && ua == ub);
}

static struct value parse_conditional(struct reader *r);

static struct value parse_unary(struct reader *r)
{
	struct value value;

	if (r->ended || ++r->depth > NESTING_MAX) {
		r->bad = true;
		return unknown();
	}
	if (at(r, "(")) {
		advance(r);
		value = parse_conditional(r);
		if (!at(r, ")"))
			r->bad = true;
		advance(r);
	} else if (at(r, "!") || is_word(r, "not")) {
		advance(r);
		value = parse_unary(r);
		value = value.unknown ? value : number(!value.number);
	} else if (at(r, "-") || at(r, "+") || at(r, "~") || is_word(r, "compl")) {
		char op = r->tok.text[0];

		advance(r);
		value = parse_unary(r);
		if (op == '-')
			value.number = (int64_t)(0 - (uint64_t)value.number);
		else if (op != '+')
			value.number = ~value.number;
	} else {
		if (r->tok.kind == TOK_NUMBER)
			value = parse_number(&r->tok);
		else if (r->tok.kind == TOK_CHAR)
			value = parse_char(&r->tok);
		else if (r->tok.kind == TOK_IDENT)
			value = parse_ident(r);
		else
			r->bad = true, value = unknown();
		advance(r);
	}
	r->depth--;
	return value;
}

static struct value parse_binary(struct reader *r, int level)
{
	struct value left = parse_unary(r);
	int op;

	while ((op = find_operator(r)) >= 0 && operators[op].level >= level && !r->bad) {
		struct value right;

		advance(r);
		right = parse_binary(r, operators[op].level + 1);
		left = compute(operators[op].text, left, right);
	}
	return left;
}

static struct value parse_conditional(struct reader *r)
{
	struct value condition = parse_binary(r, 1), yes, no;

	if (!at(r, "?"))
		return condition;
	advance(r);
	yes = parse_conditional(r);
	if (!at(r, ":")) {
		r->bad = true;
		return unknown();
	}
	advance(r);
	no = parse_conditional(r);
	if (condition.unknown)
		return unknown();
	yes.is_unsigned = no.is_unsigned = yes.is_unsigned || no.is_unsigned;
	return condition.number ? yes : no;
}

enum truth condition_defined(struct macros *macros, const struct oracle *oracle, const struct symbol *symbol)
{
	const struct slot *slot = macros_read(macros, symbol);

	if (slot->maybe)
		return TRUTH_UNKNOWN;
	if (slot->macro)
		return TRUTH_TRUE;
	switch (symbol->role) {
	case ROLE_HAS_INCLUDE: case ROLE_HAS_INCLUDE_NEXT:
	case ROLE_LINE: case ROLE_FILE: case ROLE_LEVEL: case ROLE_PRAGMA:
		return TRUTH_TRUE;
	case ROLE_HAS_SOMETHING:
		return oracle->is_operator(oracle->context, symbol) ? TRUTH_TRUE : TRUTH_FALSE;
	case ROLE_UNKNOWABLE:
		return strcmp(symbol->name, "__has_embed") == 0 ? TRUTH_UNKNOWN : TRUTH_TRUE;
	default:
		return TRUTH_FALSE;
	}
}

enum truth condition_eval(struct macros *macros, const struct oracle *oracle,
			  const struct tok *toks, size_t n)
{
	struct reader r = { .oracle = oracle };
	struct value value;

	expander_start(&r.x, macros, toks, n);
	advance(&r);
	value = parse_conditional(&r);
	expander_stop(&r.x);
	if (value.unknown || r.x.unknown || r.bad || !r.ended)
		return TRUTH_UNKNOWN;
	return value.number ? TRUTH_TRUE : TRUTH_FALSE;
}
