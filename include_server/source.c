/*
 * include_server/source.c - see source.h.
 *
 * Phases 1 to 3 of translation, as far as directives need them: line splices, comments, string and
 * character literals, raw strings. Comments and literals are honoured in groups that are not taken
 * too, as compilers do. A quote without its partner ends with its line. Trigraphs are not known.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { NESTING_MAX = 1000, RAW_DELIMITER_MAX = 16 };

struct scanner {
	struct source *source;
	struct symbols *symbols;
	const char *at, *end;
	uint32_t line;
	uint32_t directive_line;		/* where the directive at hand ends: that is its __LINE__ */
	struct buf text;			/* of the directive at hand */
	size_t n_open, capacity;
	uint32_t open[NESTING_MAX];		/* last conditional of each chain that is open */
	uint32_t first[NESTING_MAX];
};

/* --------------------------------------------------------------- passing over text */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* The length of a backslash-newline here, blanks between the two included; 0 if there is none. */
static size_t splice_len(const char *at, const char *end)
{
	const char *p = at + 1;

	if (at >= end || *at != '\\')
		return 0;
	while (p < end && is_blank(*p))
		p++;
	return p < end && *p == '\n' ? (size_t)(p + 1 - at) : 0;
}

/* What a line of text may have that is not passed over: its end, literals, comments, splices. */
static const char interesting[256] = { ['\n'] = 1, ['"'] = 1, ['\''] = 1, ['/'] = 1, ['\\'] = 1 };

/* Over lines that mean nothing. */
static void skip_to(struct scanner *s, const char *to)
{
	const char *newline;

	while ((newline = memchr(s->at, '\n', (size_t)(to - s->at)))) {
		s->line++;
		s->at = newline + 1;
	}
	s->at = to;
}

/* at is behind the opening; leaves it behind the closing. */
static void skip_block_comment(struct scanner *s)
{
	const char *star = s->at;

	while ((star = memchr(star, '*', (size_t)(s->end - star)))) {
		const char *p = ++star;
		size_t n;

		while ((n = splice_len(p, s->end)))
			p += n;
		if (p < s->end && *p == '/') {
			skip_to(s, p + 1);
			return;
		}
	}
	skip_to(s, s->end);
}

/* To the newline that no backslash joins to the next line. */
static void skip_line_comment(struct scanner *s)
{
	const char *newline;

	while ((newline = memchr(s->at, '\n', (size_t)(s->end - s->at)))) {
		const char *p = newline;

		while (p > s->at && is_blank(p[-1]))
			p--;
		if (p == s->at || p[-1] != '\\') {
			s->at = newline;
			return;
		}
		s->line++;
		s->at = newline + 1;
	}
	s->at = s->end;
}

static bool has_operand(const char *start, size_t len, const char *directive)
{
	size_t n = strlen(directive);
	const char *found = memmem(start, len, directive, n);

	return found && found + n < start + len && strchr(" \t\\", found[n]);
}

/* Text for the assembler that makes it read further files: the directive and the beginning of a name. */
static void look_for_incbin(struct scanner *s, const char *start)
{
	size_t len = (size_t)(s->at - start);

	if (len > 9 && (has_operand(start, len, ".incbin") || has_operand(start, len, ".include")))
		s->source->has_incbin = true;
}

static void skip_quoted(struct scanner *s)
{
	const char *start = s->at;
	char quote = *s->at++;

	while (s->at < s->end && *s->at != '\n') {
		size_t n = splice_len(s->at, s->end);

		if (n) {
			s->line++;
			s->at += n;
		} else if (*s->at == '\\' && s->at + 1 < s->end && s->at[1] != '\n') {
			s->at += 2;
		} else if (*s->at++ == quote) {
			break;
		}
	}
	look_for_incbin(s, start);
}

/* Is the quote at this point that of a raw string (R"...)? */
static bool is_raw(const struct scanner *s, const char *line_start)
{
	const char *p = s->at;

	if (p == line_start || p[-1] != 'R')
		return false;
	p--;
	if (p - line_start >= 2 && p[-1] == '8' && p[-2] == 'u')
		p -= 2;
	else if (p > line_start && (p[-1] == 'u' || p[-1] == 'U' || p[-1] == 'L'))
		p--;
	return p == line_start || !char_in_ident((unsigned char)p[-1]);
}

static void skip_raw(struct scanner *s)
{
	const char *delimiter = s->at + 1, *paren = delimiter;
	size_t n;

	while (paren < s->end && paren - delimiter <= RAW_DELIMITER_MAX && *paren != '(' &&
	       *paren != '\n' && *paren != '"')
		paren++;
	if (paren >= s->end || *paren != '(') {
		skip_quoted(s);
		return;
	}
	n = (size_t)(paren - delimiter);
	for (s->at = paren + 1; s->at < s->end; s->at++) {
		if (*s->at == '\n')
			s->line++;
		else if (*s->at == ')' && (size_t)(s->end - s->at) > n + 1 &&
			 memcmp(s->at + 1, delimiter, n) == 0 &&
			 s->at[n + 1] == '"') {
			s->at += n + 2;
			break;
		}
	}
	look_for_incbin(s, delimiter);
}

/* "1'000": the quote belongs to a number. */
static bool is_separator(const struct scanner *s, const char *line_start)
{
	const char *p = s->at;

	if (p == line_start || !char_in_ident((unsigned char)p[-1]))
		return false;
	while (p > line_start && (char_in_ident((unsigned char)p[-1]) || p[-1] == '.' || p[-1] == '\''))
		p--;
	return *p >= '0' && *p <= '9';
}

/* Is there a comment at `at`? 1 for a block, 2 for a line; *n is the length of its opening. */
static int comment_opens(const struct scanner *s, size_t *n)
{
	const char *p = s->at + 1;
	size_t splice;

	while ((splice = splice_len(p, s->end)))
		p += splice;
	if (p >= s->end || (*p != '*' && *p != '/'))
		return 0;
	*n = (size_t)(p + 1 - s->at);
	return *p == '*' ? 1 : 2;
}

/* To the end of the logical line, which a newline inside a comment or a raw string does not end. */
static void skip_text_line(struct scanner *s)
{
	const char *line_start = s->at;
	size_t n;

	while (s->at < s->end) {
		while (s->at < s->end && !interesting[(unsigned char)*s->at])
			s->at++;
		if (s->at >= s->end)
			return;
		switch (*s->at) {
		case '\n':
			s->at++;
			s->line++;
			return;
		case '"':
			if (is_raw(s, line_start))
				skip_raw(s);
			else
				skip_quoted(s);
			break;
		case '\'':
			if (is_separator(s, line_start))
				s->at++;
			else
				skip_quoted(s);
			break;
		case '/':
			switch (comment_opens(s, &n)) {
			case 1:
				s->at += n;
				skip_block_comment(s);
				break;
			case 2:
				skip_line_comment(s);
				break;
			default:
				s->at++;
			}
			break;
		default:
			n = splice_len(s->at, s->end);
			s->line += n != 0;
			s->at += n ? n : 1;
		}
	}
}

/* --------------------------------------------------------------- one directive */

/* White space, comments and splices, but no newline. */
static void skip_blanks(struct scanner *s)
{
	size_t n;

	while (s->at < s->end) {
		if (is_blank(*s->at)) {
			s->at++;
		} else if ((n = splice_len(s->at, s->end))) {
			s->line++;
			s->at += n;
		} else if (*s->at == '/' && comment_opens(s, &n) == 1) {
			s->at += n;
			skip_block_comment(s);
		} else {
			return;
		}
	}
}

static bool ends_with_word(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(text + len - n, word, n) == 0 &&
	       (len == n || !char_in_ident((unsigned char)text[len - n - 1]));
}

/* Is what was collected the beginning of a name in <>, which ends on this line? In it nothing is a comment: <a//b.h>. */
static bool is_in_name(const struct scanner *s)
{
	static const char *const words[] = { "include", "include_next", "import", "embed" };
	static const char *const operators[] = { "__has_include", "__has_include_next", "__has_embed" };
	const char *text = s->text.data, *open = text ? memrchr(text, '<', s->text.len) : NULL;
	const char *newline = memchr(s->at, '\n', (size_t)(s->end - s->at));
	size_t len;

	if (!open || memchr(open, '>', s->text.len - (size_t)(open - text)) ||
	    !memchr(s->at, '>', (size_t)((newline ? newline : s->end) - s->at)))
		return false;
	for (len = (size_t)(open - text); len && is_blank(text[len - 1]);)
		len--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (len == strlen(words[i]) && memcmp(text, words[i], len) == 0)
			return true;
	if (!len || text[--len] != '(')
		return false;
	while (len && is_blank(text[len - 1]))
		len--;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (ends_with_word(text, len, operators[i]))
			return true;
	return false;
}

/* Everything to the end of the logical line into s->text: a comment becomes a blank. */
static void collect(struct scanner *s)
{
	size_t n;

	buf_clear(&s->text);
	while (s->at < s->end && *s->at != '\n') {
		if ((n = splice_len(s->at, s->end))) {
			s->line++;
			s->at += n;
		} else if (*s->at == '/' && comment_opens(s, &n) && !is_in_name(s)) {
			if (comment_opens(s, &n) == 2) {
				skip_line_comment(s);
			} else {
				s->at += n;
				skip_block_comment(s);
				buf_add(&s->text, " ", 1);
			}
		} else if (*s->at == '"' || *s->at == '\'') {
			const char *start = s->at;

			if (*s->at == '\'' && is_separator(s, start - (s->text.len ? 1 : 0)))
				s->at++;
			else
				skip_quoted(s);
			for (; start < s->at; start++) {
				n = splice_len(start, s->at);
				if (n)
					start += n - 1;
				else
					buf_add(&s->text, start, 1);
			}
		} else {
			const char *start = s->at++;

			while (s->at < s->end && !interesting[(unsigned char)*s->at])
				s->at++;
			buf_add(&s->text, start, (size_t)(s->at - start));
		}
	}
	s->directive_line = s->line;
	if (s->at < s->end) {
		s->at++;
		s->line++;
	}
	while (s->text.len && strchr(" \t\r\f\v", s->text.data[s->text.len - 1]))
		s->text.len--;
	if (s->text.data)
		s->text.data[s->text.len] = '\0';
}

static struct op *add_op(struct scanner *s, enum op_kind kind)
{
	struct source *source = s->source;

	if (source->n_ops == s->capacity) {
		s->capacity = s->capacity ? s->capacity * 2 : 32;
		source->ops = mem_resize(source->ops, s->capacity, sizeof(*source->ops));
	}
	source->ops[source->n_ops] = (struct op){ .kind = (uint8_t)kind, .line = s->directive_line };
	return &source->ops[source->n_ops++];
}

static void add_conditional(struct scanner *s, struct op *op)
{
	uint32_t index = (uint32_t)(op - s->source->ops);

	op->next = op->end = (uint32_t)-1;
	if (op->kind == OP_IF || op->kind == OP_IFDEF || op->kind == OP_IFNDEF) {
		if (s->n_open == NESTING_MAX) {
			s->source->too_odd = true;
			return;
		}
		s->first[s->n_open] = index;
		s->open[s->n_open++] = index;
		return;
	}
	if (!s->n_open) {
		/* An #else or #endif without its #if is an error, which the compiler will show. */
		s->source->n_ops--;
		return;
	}
	s->source->ops[s->open[s->n_open - 1]].next = index;
	s->open[s->n_open - 1] = index;
	if (op->kind != OP_ENDIF)
		return;
	s->n_open--;
	op->next = op->end = index;
	for (uint32_t i = s->first[s->n_open]; i != index; i = s->source->ops[i].next)
		s->source->ops[i].end = index;
}

static void take_symbol(struct scanner *s, struct op *op, const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && char_in_ident((unsigned char)text[n]))
		n++;
	if (n && char_starts_ident((unsigned char)text[0]))
		op->symbol = symbol_get(s->symbols, text, n);
	else
		op->symbol = symbol_get(s->symbols, "", 0);
}

static void take_text(struct scanner *s, struct op *op, const char *text, size_t len)
{
	op->text = arena_text(&s->source->arena, text, len);
	op->text_len = (uint32_t)len;
}

static void take_pragma(struct scanner *s, const char *text, size_t len)
{
	static const char push[] = "push_macro", pop[] = "pop_macro";
	bool is_push = len > sizeof(push) && memcmp(text, push, sizeof(push) - 1) == 0;
	const char *open, *close;

	if (len == 4 && memcmp(text, "once", 4) == 0) {
		add_op(s, OP_PRAGMA_ONCE);
	} else if (is_push || (len > sizeof(pop) && memcmp(text, pop, sizeof(pop) - 1) == 0)) {
		open = memchr(text, '"', len);
		close = open ? memchr(open + 1, '"', len - (size_t)(open + 1 - text)) : NULL;
		if (close)
			take_symbol(s, add_op(s, is_push ? OP_PUSH_MACRO : OP_POP_MACRO), open + 1,
				    (size_t)(close - open - 1));
	} else if (len > 13 && memcmp(text, "include_alias", 13) == 0) {
		s->source->too_odd = true;
	}
}

static const struct {
	const char *name;
	enum op_kind kind;
} directives[] = {
	{ "define", OP_DEFINE }, { "if", OP_IF }, { "ifdef", OP_IFDEF }, { "ifndef", OP_IFNDEF }, { "endif", OP_ENDIF },
	{ "else", OP_ELSE }, { "elif", OP_ELIF }, { "elifdef", OP_ELIFDEF }, { "elifndef", OP_ELIFNDEF },
	{ "undef", OP_UNDEF }, { "include", OP_INCLUDE }, { "include_next", OP_INCLUDE_NEXT }, { "import", OP_IMPORT },
	{ "embed", OP_EMBED },
};

static void take_directive(struct scanner *s, const char *name, size_t name_len, const char *text, size_t len)
{
	size_t i = 0;
	struct op *op;

	while (i < sizeof(directives) / sizeof(directives[0]) &&
	       (strlen(directives[i].name) != name_len || memcmp(directives[i].name, name, name_len) != 0))
		i++;
	if (i == sizeof(directives) / sizeof(directives[0])) {
		if (name_len == 6 && memcmp(name, "pragma", 6) == 0)
			take_pragma(s, text, len);
		return;
	}
	if (directives[i].kind == OP_DEFINE) {
		const char *copy = arena_text(&s->source->arena, text, len);
		struct macro *macro = macro_parse(&s->source->arena, s->symbols, copy, len);

		if (macro)
			add_op(s, OP_DEFINE)->macro = macro;
		return;
	}
	op = add_op(s, directives[i].kind);
	switch (op->kind) {
	case OP_IFDEF: case OP_IFNDEF: case OP_ELIFDEF: case OP_ELIFNDEF: case OP_UNDEF:
		take_symbol(s, op, text, len);
		break;
	case OP_ELSE: case OP_ENDIF:
		break;
	default:
		take_text(s, op, text, len);
	}
	if (op->kind >= OP_IF)
		add_conditional(s, op);
}

/* at is behind the '#'. */
static void scan_directive(struct scanner *s)
{
	char *text;
	size_t len, name_len = 0, blanks = 0;

	skip_blanks(s);
	collect(s);
	text = s->text.data;
	len = s->text.len;
	while (name_len < len && char_in_ident((unsigned char)text[name_len]))
		name_len++;
	while (name_len + blanks < len && strchr(" \t\f\v\r", text[name_len + blanks]))
		blanks++;
	if (name_len)
		take_directive(s, text, name_len, text + name_len + blanks, len - name_len - blanks);
}

/* "#ifndef G" or "#if !defined G" around everything: a second look costs one test. */
static void find_guard(struct source *source)
{
	const struct op *first = source->ops;

	if (source->n_ops > 1 && first->kind == OP_IFNDEF && first->next == first->end &&
	    first->end == source->n_ops - 1)
		source->guard = first->symbol;
}

void source_scan(struct source *source, struct symbols *symbols, const char *text, size_t len)
{
	struct scanner *s = mem_alloc(sizeof(*s));

	*source = (struct source){ .arena = ARENA_INIT };
	source->shows_path = len > 13 && memmem(text, len, "__BASE_FILE__", 13) != NULL;
	s->source = source;
	s->symbols = symbols;
	s->at = text;
	s->end = text + len;
	s->line = 1;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		s->at += 3;
	while (s->at < s->end) {
		skip_blanks(s);
		if (s->at < s->end && *s->at == '#') {
			s->at++;
			scan_directive(s);
		} else if (s->end - s->at > 1 && s->at[0] == '%' && s->at[1] == ':') {
			s->at += 2;
			scan_directive(s);
		} else {
			skip_text_line(s);
		}
	}
	/* An #if that nothing closes is an error in the file: its chain ends with the file. */
	while (s->n_open)
		add_conditional(s, add_op(s, OP_ENDIF));
	find_guard(source);
	source->ops = mem_resize(source->ops, source->n_ops ? source->n_ops : 1, sizeof(*source->ops));
	buf_release(&s->text);
	free(s);
}

void source_release(struct source *source)
{
	free(source->ops);
	arena_release(&source->arena);
}
