/*
 * include_server/closure.c - see closure.h.
 *
 * Files are lists of operations (source.h); walk() executes them. A conditional that is false jumps
 * along its chain, so nothing is kept on a stack. Where a condition is unknown each branch is walked
 * in turn with macros->uncertain raised: what is defined there is `maybe` afterwards.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/closure.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "include_server/condition.h"

enum {
	DEPTH_MAX = 200,		/* gcc's own limit of nested includes */
	/* of a header: fewer are walked as quickly as they are recalled */
	WORTH_OPS = 4, WORTH_STEPS = 100
};

static uint32_t *grow(uint32_t *array, uint32_t *n, uint32_t id)
{
	if (id >= *n) {
		uint32_t more = (id + 2048) & ~1023u;

		array = mem_resize(array, more, sizeof(*array));
		memset(array + *n, 0, (more - *n) * sizeof(*array));
		*n = more;
	}
	return array;
}

/* --------------------------------------------------------------- what is needed */

static int note_needed(struct analysis *a, struct entry *entry, bool absolute)
{
	uint32_t n = a->n_known;

	if (!view_real(&a->view, entry))
		return err_set(a->err, ERR_NO_FILE, "'%s' changes while it is looked at", entry->path);
	if (view_is_system(&a->view, entry))
		return 0;
	note(&a->tracer.notes, NOTE_NEEDED, entry, absolute);
	a->known = grow(a->known, &n, entry->id);
	a->known_at = grow(a->known_at, &a->n_known, entry->id);
	if (a->known[entry->id] == a->pass) {
		struct needed *needed = &a->needed[a->known_at[entry->id]];

		if (absolute && !needed->spelling)
			needed->spelling = entry->path;
		return 0;
	}
	if (a->n_needed == a->capacity) {
		a->capacity = a->capacity ? a->capacity * 2 : 64;
		a->needed = mem_resize(a->needed, a->capacity, sizeof(*a->needed));
	}
	a->known[entry->id] = a->pass;
	a->known_at[entry->id] = (uint32_t)a->n_needed;
	a->needed[a->n_needed++] = (struct needed){ entry, view_entry(&a->view, entry),
						    absolute ? entry->path : NULL };
	return 0;
}

/* --------------------------------------------------------------- names */

/* "name" or <name> at the beginning of text; false for anything else. */
static bool parse_name(const char *text, size_t len, const char **name, size_t *name_len, bool *quoted)
{
	const char *end;

	if (len < 3 || (text[0] != '"' && text[0] != '<'))
		return false;
	end = memchr(text + 1, text[0] == '"' ? '"' : '>', len - 1);
	if (!end || end == text + 1)
		return false;
	*quoted = text[0] == '"';
	*name = text + 1;
	*name_len = (size_t)(end - text - 1);
	return true;
}

static struct found find_name(struct analysis *a, const struct frame *frame, const char *name,
			      size_t len, bool quoted, bool next)
{
	while (len > 2 && name[0] == '.' && name[1] == '/') {
		name += 2;
		len -= 2;
	}
	/* In the main file, and in files that no directory of the path led to, it is a plain #include. */
	if (next && frame->above && frame->at >= 0)
		return path_find(&a->path, &a->view, NULL, (size_t)frame->at + 1, name, len);
	return path_find(&a->path, &a->view, quoted ? frame->entry->dir : NULL, quoted ? 0 : a->path.n_quote, name, len);
}

bool closure_is_absolute(const struct analysis *a, const struct frame *frame, struct found found,
			 const char *name)
{
	if (name[0] == '/')
		return true;
	return found.at < 0 ? frame->absolute : a->path.absolute[found.at];
}

/* --------------------------------------------------------------- what conditions ask */

static enum truth has_include(void *context, const char *spelling, size_t len, bool next)
{
	struct analysis *a = context;
	const char *name;
	size_t name_len;
	bool quoted;
	struct found found;

	if (!parse_name(spelling, len, &name, &name_len, &quoted))
		return TRUTH_UNKNOWN;
	found = find_name(a, a->frame, name, name_len, quoted, next);
	if (!found.entry)
		return TRUTH_FALSE;
	/* It must be there on the server too, although nobody may read it. */
	return note_needed(a, found.entry, closure_is_absolute(a, a->frame, found, name)) < 0 ? TRUTH_UNKNOWN : TRUTH_TRUE;
}

static bool has_something(void *context, const char *question, long long *value)
{
	struct analysis *a = context;
	bool asked;

	if (toolchain_answer(a->view.world, a->toolchain, question, value, &asked))
		return true;
	if (!asked) {
		argv_add(&a->questions, question);
		notes_spoil(&a->tracer.notes);
	}
	return false;
}

static bool is_operator(void *context, const struct symbol *symbol)
{
	struct analysis *a = context;

	for (size_t i = 0; i < a->toolchain->n_operators; i++)
		if (a->toolchain->operators[i] == symbol)
			return true;
	return false;
}

static enum truth judge(struct analysis *a, const struct op *op)
{
	struct oracle oracle = { a, has_include, has_something, is_operator,
				 a->toolchain->language == LANG_CXX ||
					 a->toolchain->language == LANG_OBJCXX };
	const struct frozen *tokens;
	enum truth truth;

	switch (op->kind) {
	case OP_IFDEF: case OP_ELIFDEF:
		return condition_defined(&a->macros, &oracle, op->symbol);
	case OP_IFNDEF: case OP_ELIFNDEF:
		truth = condition_defined(&a->macros, &oracle, op->symbol);
		return truth == TRUTH_UNKNOWN ? truth : truth == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE;
	case OP_IF: case OP_ELIF:
		a->macros.line = op->line;
		arena_clear(&a->macros.scratch);
		tokens = freeze((_Atomic(struct frozen *) *)(uintptr_t)&op->tokens,
				&a->view.world->symbols, op->text, op->text_len);
		return condition_eval(&a->macros, &oracle, tokens->at, tokens->n);
	default:	/* OP_ELSE */
		return TRUTH_TRUE;
	}
}

/* --------------------------------------------------------------- the walk */

static int walk(struct analysis *a, const struct frame *frame, size_t from, size_t to);

static void set_once(struct analysis *a, uint32_t number)
{
	a->once = grow(a->once, &a->n_once, number);
	a->once[number] = a->pass;
	note_number(&a->tracer.notes, NOTE_ONCE_WRITE, number, 0);
}

int closure_too_much(struct analysis *a)
{
	return err_set(a->err, ERR_TIMEOUT, "the analysis would take too long");
}

/* As if it were walked. */
static int recall(struct analysis *a, struct trace *trace)
{
	int result = 0;

	for (size_t i = 0; i < trace->n_needed && result == 0; i++)
		result = note_needed(a, trace->needed[i].entry, trace->needed[i].absolute);
	for (size_t i = 0; i < trace->n_entered; i++)
		set_once(a, trace->entered[i]);
	if (a->depth + trace->depth > a->deepest)
		a->deepest = a->depth + trace->depth;
	trace_give_back(a->view.world, trace);
	return result;
}

static int walk_recorded(struct analysis *a, const struct frame *frame, const struct trace_key *key)
{
	size_t start = trace_begin(&a->tracer, key);
	uint64_t steps = a->macros.steps;
	int deepest = a->deepest, result;

	a->deepest = a->depth;
	result = walk(a, frame, 0, frame->file->source.n_ops);
	trace_end(&a->tracer, key, start, a->deepest - a->depth,
		  result == 0 && a->macros.steps - steps >= WORTH_STEPS);
	if (a->deepest < deepest)
		a->deepest = deepest;
	return result;
}

/* The whole of a file, from memory if that is possible. */
static int walk_file(struct analysis *a, const struct frame *frame)
{
	const struct symbol *guard = frame->file->source.guard;
	struct trace_key key = { frame->entry, frame->file, a->path.search,
				 a->toolchain, frame->at,   frame->absolute, !frame->above };
	struct trace *trace;

	/* Where nothing is certain, and for what is quickly done. */
	if (a->macros.uncertain || frame->file->source.n_ops < WORTH_OPS ||
	    (guard && macros_slot(&a->macros, guard->id)->macro))
		return walk(a, frame, 0, frame->file->source.n_ops);
	trace = trace_replay(&a->tracer, &key, a->depth, DEPTH_MAX);
	return trace ? recall(a, trace) : walk_recorded(a, frame, &key);
}

int closure_enter(struct analysis *a, const struct frame *above, struct entry *entry, int at,
		  bool absolute, bool once)
{
	struct frame frame = { above, entry, NULL, at, absolute };
	const struct frame *outer = a->frame;
	int result;

	frame.file = view_file(&a->view, entry, a->err);
	if (!frame.file)
		return -1;
	if (note_needed(a, entry, absolute) < 0)
		return -1;
	if (!view_is_system(&a->view, entry)) {
		if (frame.file->source.has_incbin)
			return err_set(a->err, ERR_USAGE,
				       "'%s' makes the assembler read files (.incbin)",
				       entry->path);
		if (frame.file->source.shows_path && absolute)
			return err_set(a->err, ERR_USAGE, "'%s' uses __BASE_FILE__, which would show a server's directory", entry->path);
	}
	if (frame.file->source.too_odd)
		return err_set(a->err, ERR_USAGE, "'%s' has directives that are not judged here",
			       entry->path);
	a->once = grow(a->once, &a->n_once, frame.file->number);
	note_number(&a->tracer.notes, NOTE_ONCE_READ, frame.file->number, a->once[frame.file->number] == a->pass);
	if (a->once[frame.file->number] == a->pass)
		return 0;
	if (once)
		set_once(a, frame.file->number);
	/* Its guard may or may not be defined: it was walked in a branch that may not be taken. Once is enough. */
	if (frame.file->source.guard && macros_read(&a->macros, frame.file->source.guard)->maybe)
		return 0;
	if (a->depth >= DEPTH_MAX)
		return err_set(a->err, ERR_USAGE, "'%s' is included too deeply", entry->path);
	a->depth++;
	if (a->depth > a->deepest)
		a->deepest = a->depth;
	a->frame = &frame;
	a->macros.level = (uint32_t)a->depth - 1;
	result = walk_file(a, &frame);
	a->depth--;
	a->frame = outer;
	a->macros.level = (uint32_t)(a->depth ? a->depth - 1 : 0);
	return result;
}

/* The operand of a computed include, expanded, as text; NULL if it depends on what cannot be known. */
static char *compute_name(struct analysis *a, const struct op *op)
{
	autobuf text = BUF_INIT;
	struct expander x;
	struct tok tok;
	const struct frozen *tokens;

	a->macros.line = op->line;
	arena_clear(&a->macros.scratch);
	tokens = freeze((_Atomic(struct frozen *) *)(uintptr_t)&op->tokens, &a->view.world->symbols,
			op->text, op->text_len);
	expander_start(&x, &a->macros, tokens->at, tokens->n);
	while (expander_next(&x, &tok)) {
		if (text.len && tok.space)
			buf_add(&text, " ", 1);
		buf_add(&text, tok.text, tok.len);
		/* one string is a whole name */
		if (tok.kind == TOK_STRING && text.len == tok.len)
			break;
	}
	expander_stop(&x);
	return x.unknown ? NULL : arena_text(&a->macros.unit, text.data, text.len);
}

static int include(struct analysis *a, const struct frame *frame, const struct op *op)
{
	const char *name;
	size_t len;
	bool quoted, absolute;
	struct found found;

	if (!parse_name(op->text, op->text_len, &name, &len, &quoted)) {
		char *text = compute_name(a, op);

		if (!text && a->questions.n)
			return 0;	/* it will be walked again with answers */
		if (!text)
			return err_set(a->err, ERR_USAGE,
				       "'%s' includes a file whose name cannot be known",
				       frame->entry->path);
		if (!parse_name(text, strlen(text), &name, &len, &quoted))
			return 0;	/* an error, which the compiler will show */
	}
	if (a->macros.steps >= a->macros.steps_max)
		return closure_too_much(a);
	found = find_name(a, frame, name, len, quoted, op->kind == OP_INCLUDE_NEXT);
	if (!found.entry)
		return 0;
	absolute = closure_is_absolute(a, frame, found, name);
	if (op->kind == OP_EMBED)
		return note_needed(a, found.entry, false);
	return closure_enter(a, frame, found.entry, found.at < 0 ? frame->at : found.at, absolute,
			     op->kind == OP_IMPORT);
}

/* From the conditional at `at`, which is unknown: every branch that may be taken. */
static int walk_branches(struct analysis *a, const struct frame *frame, size_t at, enum truth truth)
{
	const struct op *ops = frame->file->source.ops;
	int result = 0;

	a->macros.uncertain++;
	for (;;) {
		size_t next = ops[at].next;

		if (truth != TRUTH_FALSE)
			result = walk(a, frame, at + 1, next);
		if (result < 0 || truth == TRUTH_TRUE || ops[next].kind == OP_ENDIF)
			break;
		at = next;
		truth = judge(a, &ops[at]);
	}
	a->macros.uncertain--;
	return result;
}

static int walk(struct analysis *a, const struct frame *frame, size_t from, size_t to)
{
	const struct op *ops = frame->file->source.ops;

	for (size_t i = from; i < to;) {
		const struct op *op = &ops[i];
		enum truth truth;

		if (++a->macros.steps >= a->macros.steps_max)
			return closure_too_much(a);
		switch ((enum op_kind)op->kind) {
		case OP_DEFINE:
			macros_define(&a->macros, op->macro);
			break;
		case OP_UNDEF:
			macros_undef(&a->macros, op->symbol);
			break;
		case OP_INCLUDE: case OP_INCLUDE_NEXT: case OP_IMPORT: case OP_EMBED:
			if (include(a, frame, op) < 0)
				return -1;
			break;
		case OP_PRAGMA_ONCE:
			set_once(a, frame->file->number);
			break;
		case OP_PUSH_MACRO:
			macros_push(&a->macros, op->symbol);
			break;
		case OP_POP_MACRO:
			macros_pop(&a->macros, op->symbol);
			break;
		case OP_ENDIF:
			break;
		case OP_ELIF: case OP_ELIFDEF: case OP_ELIFNDEF: case OP_ELSE:
			/* the end of a branch that was taken */
			i = op->end;
			break;
		case OP_IF: case OP_IFDEF: case OP_IFNDEF:
			while ((truth = judge(a, &ops[i])) == TRUTH_FALSE) {
				i = ops[i].next;
				if (ops[i].kind == OP_ENDIF)
					break;
			}
			if (truth == TRUTH_UNKNOWN) {
				if (walk_branches(a, frame, i, truth) < 0)
					return -1;
				i = ops[i].end;
			}
			break;
		}
		i++;
	}
	return 0;
}
