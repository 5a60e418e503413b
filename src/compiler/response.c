/* compiler/response.c - see response.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/response.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"

enum {
	FILES_MAX = 200,		/* gcc itself gives up after 2000, mostly a circle */
	DEPTH_MAX = 20,
	FILE_MAX = 16 << 20,
	BYTES_MAX = 1 << 20		/* of all words: the preprocessor gets them as its command line */
};

struct expansion {
	struct argv *out;
	size_t n_files, n_bytes;
};

static bool is_blank(char c)
{
	return isspace((unsigned char)c) != 0;
}

/* Reads one word that begins at *at; *at moves behind it. */
static void read_word(const char **at, const char *end, struct buf *word)
{
	char quote = '\0';

	for (; *at < end && (quote || !is_blank(**at)); (*at)++) {
		char c = **at;

		if (c == '\\') {
			if (*at + 1 < end)
				buf_add(word, ++*at, 1);
		} else if (c == quote) {
			quote = '\0';
		} else if (!quote && (c == '\'' || c == '"')) {
			quote = c;
		} else {
			buf_add(word, &c, 1);
		}
	}
}

void response_split(const char *text, size_t len, struct argv *out)
{
	const char *end = text + len;

	while (text < end) {
		autobuf word = BUF_INIT;

		while (text < end && is_blank(*text))
			text++;
		if (text == end)
			return;
		buf_add(&word, "", 0);
		read_word(&text, end, &word);
		argv_add(out, word.data);
	}
}

bool response_is_used(const struct argv *command)
{
	for (size_t i = 1; i < command->n; i++)
		if (command->words[i][0] == '@')
			return true;
	return false;
}

static bool expand(struct expansion *expansion, const struct argv *words, size_t first, int depth);

/* What gcc would read: a directory or a pipe is no such file to us. */
static bool read_file(const char *name, struct buf *text)
{
	struct stat st;

	return stat(name, &st) == 0 && S_ISREG(st.st_mode) && file_read(name, FILE_MAX, text, NULL) == 0;
}

static bool expand_word(struct expansion *expansion, const char *word, int depth)
{
	autobuf text = BUF_INIT;
	autoargv inner = ARGV_INIT;

	if (word[0] == '@' && word[1] && read_file(word + 1, &text)) {
		if (++expansion->n_files > FILES_MAX || depth == DEPTH_MAX)
			return false;
		if (text.len)
			response_split(text.data, text.len, &inner);
		return expand(expansion, &inner, 0, depth + 1);
	}
	argv_add(expansion->out, word);
	expansion->n_bytes += strlen(word) + 1;
	return expansion->n_bytes <= BYTES_MAX;
}

static bool expand(struct expansion *expansion, const struct argv *words, size_t first, int depth)
{
	for (size_t i = first; i < words->n; i++)
		if (!expand_word(expansion, words->words[i], depth))
			return false;
	return true;
}

bool response_expand(const struct argv *command, struct argv *out)
{
	struct expansion expansion = { out, 0, 0 };

	if (!command->n)
		return true;
	argv_add(out, command->words[0]);
	return expand(&expansion, command, 1, 0);
}
