/* compiler/asm-files.c - see asm-files.h. A lexer that knows comments, literals and words. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/asm-files.h"

#include <ctype.h>
#include <string.h>

struct lexer {
	const char *at, *end;
	bool in_asm;		/* behind the keyword, until its parentheses close */
	int depth;		/* of these parentheses */
};

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static bool is_word(const char *word, size_t len, const char *wanted)
{
	return len == strlen(wanted) && memcmp(word, wanted, len) == 0;
}

/* The place behind the next `wanted`, or the end. */
static const char *behind(const char *at, const char *end, const char *wanted, size_t len)
{
	const char *found = at < end ? memmem(at, (size_t)(end - at), wanted, len) : NULL;

	return found ? found + len : end;
}

/* Behind a literal that begins at its quote. One without a partner (#error can't) ends with its line. */
static const char *skip_literal(const char *at, const char *end)
{
	char quote = *at++;

	while (at < end && *at != quote && *at != '\n')
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	return at < end ? at + 1 : end;
}

/* Behind R"delimiter( ... )delimiter", from the quote. */
static const char *skip_raw_literal(const char *at, const char *end)
{
	char close[20] = ")";
	const char *paren = memchr(at, '(', (size_t)(end - at));
	size_t len;

	if (!paren || (len = (size_t)(paren - at - 1)) > 16)
		return skip_literal(at, end);
	memcpy(close + 1, at + 1, len);
	close[len + 1] = '"';
	return behind(paren, end, close, len + 2);
}

static bool names_a_file(const char *literal, const char *end, const char *directive)
{
	size_t len = strlen(directive);

	for (const char *at = literal; (at = behind(at, end, directive, len)) < end;)
		if (!in_word(*at))
			return true;
	return false;
}

static bool separates_digits(const struct lexer *lexer, const char *number)
{
	return isdigit((unsigned char)*number) && *lexer->at == '\'' &&
	       lexer->at + 1 < lexer->end && in_word(lexer->at[1]);
}

/* A word or number. Returns whether it is the R of a raw literal, which follows. */
static bool take_word(struct lexer *lexer)
{
	const char *word = lexer->at;
	size_t len;

	while (lexer->at < lexer->end && (in_word(*lexer->at) || separates_digits(lexer, word)))
		lexer->at++;
	len = (size_t)(lexer->at - word);
	if (is_word(word, len, "asm") || is_word(word, len, "__asm") || is_word(word, len, "__asm__")) {
		lexer->in_asm = true;
		lexer->depth = 0;
	}
	return len <= 3 && word[len - 1] == 'R' && lexer->at < lexer->end && *lexer->at == '"';
}

static void take_punctuation(struct lexer *lexer)
{
	char c = *lexer->at++;

	if (c == '(')
		lexer->depth++;
	else if (c == ')' && --lexer->depth <= 0)
		lexer->in_asm = false;
	else if (c == ';' && lexer->depth == 0)
		lexer->in_asm = false;
}

static bool literal_counts(const struct lexer *lexer, const char *literal, bool expanded)
{
	return (lexer->in_asm || !expanded) &&
	       (names_a_file(literal, lexer->at, ".incbin") || names_a_file(literal, lexer->at, ".include"));
}

bool asm_reads_files(const char *text, size_t len, bool expanded)
{
	struct lexer lexer = { .at = text, .end = text + len };

	/* nearly always the whole answer */
	if (!len || (!memmem(text, len, ".incbin", 7) && !memmem(text, len, ".include", 8)))
		return false;
	while (lexer.at < lexer.end) {
		const char *start = lexer.at;
		size_t left = (size_t)(lexer.end - start);
		bool raw = false;

		if (left > 1 && start[0] == '/' && start[1] == '*') {
			lexer.at = behind(start + 2, lexer.end, "*/", 2);
			continue;
		}
		if (left > 1 && start[0] == '/' && start[1] == '/') {
			lexer.at = behind(start + 2, lexer.end, "\n", 1);
			continue;
		}
		if (in_word(*start)) {
			raw = take_word(&lexer);
			start = lexer.at;
			if (!raw)
				continue;
		}
		if (*start != '"' && *start != '\'') {
			take_punctuation(&lexer);
			continue;
		}
		lexer.at = raw ? skip_raw_literal(start, lexer.end) : skip_literal(start, lexer.end);
		if (literal_counts(&lexer, start, expanded))
			return true;
	}
	return false;
}
