/* daemon/pumped.c - see pumped.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/pumped.h"

#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "compiler/deps.h"
#include "compiler/options.h"

/* Whose absolute argument is a file or directory of the client's. */
static const char *const path_options[] = {
	"-I", "-include", "-imacros", "-idirafter", "-iprefix", "-isystem", "-iquote", "-cxx-isystem", "-iwithprefixbefore",
};

static bool takes_path(const struct option_row *row)
{
	for (size_t i = 0; row && i < sizeof(path_options) / sizeof(path_options[0]); i++)
		if (strcmp(row->name, path_options[i]) == 0)
			return true;
	return false;
}

/* "-I /x", "-I/x" and the source itself get the root before them. */
static void map_paths(struct argv *argv, size_t input_at, const char *root)
{
	for (size_t i = 1; i < argv->n;) {
		struct option_match match = { NULL, NULL, 1 };

		if (argv->words[i][0] == '-' && argv->words[i][1] && i != input_at)
			match = option_find(argv->words + i);
		if (i == input_at && argv->words[i][0] == '/') {
			autofree char *mapped = str_format("%s%s", root, argv->words[i]);

			argv_replace(argv, i, mapped);
		} else if (takes_path(match.row) && match.argument && match.argument[0] == '/') {
			autofree char *mapped = str_format("%s%s%s", match.n_words == 2 ? "" : match.row->name, root, match.argument);

			argv_replace(argv, i + match.n_words - 1, mapped);
		}
		i += match.n_words;
	}
}

struct wishes {
	bool deps, target;
};

static struct wishes find_wishes(const struct argv *argv)
{
	struct wishes wishes = { false, false };

	for (size_t i = 1; i < argv->n;) {
		struct option_match match = { NULL, NULL, 1 };

		if (argv->words[i][0] == '-' && argv->words[i][1])
			match = option_find(argv->words + i);
		if (match.row && match.row->meaning & OPT_DEPS)
			wishes.deps = true;
		if (match.row && match.row->meaning & OPT_DEPS_TARGET)
			wishes.target = true;
		i += match.n_words;
	}
	return wishes;
}

static bool is_within(size_t at, size_t first, size_t n)
{
	return at >= first && at - first < n;
}

/* Ours is the last word, but the client's file is not to be opened at all. */
static void drop_deps_files(struct argv *argv, struct scan_request *scan)
{
	for (size_t i = 1; i < argv->n;) {
		struct option_match match = { NULL, NULL, 1 };

		if (argv->words[i][0] == '-' && argv->words[i][1] && i != scan->input_at)
			match = option_find(argv->words + i);
		/* one that swallows the source or the object is no command that compiles */
		if (!match.row || !(match.row->meaning & OPT_DEPS_FILE) ||
		    is_within(scan->input_at, i, match.n_words) ||
		    is_within(scan->output_at, i, match.n_words)) {
			i += match.n_words;
			continue;
		}
		argv_remove(argv, i, match.n_words);
		scan->input_at -= scan->input_at > i ? match.n_words : 0;
		scan->output_at -= scan->output_at > i ? match.n_words : 0;
	}
}

/* As the client wrote it, or as its compiler would have called it. */
static char *output_name(const struct argv *argv, const struct scan_request *scan)
{
	if (scan->output_at >= argv->n)
		return path_with_extension(path_base(argv->words[scan->input_at]),
					   scan->is_assembly_text ? ".s" : ".o");
	return mem_strdup(argv->words[scan->output_at] + (scan->output_is_joined ? 2 : 0));
}

void pumped_command(struct argv *argv, struct scan_request *scan, const char *root,
		    const char *object_file, const char *deps_file)
{
	autofree char *output = output_name(argv, scan);
	struct wishes wishes = find_wishes(argv);

	drop_deps_files(argv, scan);
	scan_request_redirect(scan, argv, object_file);
	if (root) {
		map_paths(argv, scan->input_at, root);
		argv_add_format(argv, "-ffile-prefix-map=%s=", root);
	}
	if (!wishes.deps)
		argv_add(argv, "-MMD");
	if (!wishes.target) {
		argv_add(argv, "-MQ");
		argv_add(argv, output);
	}
	argv_add(argv, "-MF");
	argv_add(argv, deps_file);
}

void pumped_unmap(struct buf *text, const char *root)
{
	size_t len = strlen(root), kept = 0;

	for (size_t at = 0; at < text->len;) {
		if (text->len - at >= len && memcmp(text->data + at, root, len) == 0)
			at += len;
		else
			text->data[kept++] = text->data[at++];
	}
	text->len = kept;
	if (text->data)
		text->data[kept] = '\0';
}

void pumped_unmap_deps(struct buf *deps, const char *root, enum compiler_family family)
{
	struct buf lines = BUF_INIT;

	pumped_unmap(deps, root);
	deps_reflow(&lines, deps, family == FAMILY_CLANG);
	buf_release(deps);
	*deps = lines;
}
