/* client/preprocess.c - see preprocess.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/preprocess.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/tmp.h"
#include "client/origin.h"
#include "compiler/asm-files.h"
#include "compiler/commands.h"

/* --------------------------------------------------------------- one program */

static int capture_start(struct capture *capture, const struct argv *command, bool keep_messages,
			 struct err *err)
{
	struct proc_spec spec = PROC_SPEC_INIT;
	autoclose int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	capture->out_fd = tmp_memory("distcc-cpp", err);
	if (capture->out_fd < 0)
		return -1;
	if (keep_messages) {
		capture->err_fd = tmp_memory("distcc-cpp-stderr", err);
		if (capture->err_fd < 0)
			return -1;
	}
	spec.argv = command->words;
	spec.stdin_fd = null_fd;
	spec.stdout_fd = capture->out_fd;
	spec.stderr_fd = keep_messages ? capture->err_fd : null_fd;
	spec.own_group = true;
	if (log_get_level() >= LOG_LEVEL_DEBUG) {
		autofree char *printable = argv_printable(command);

		log_debug("preprocess: %s", printable);
	}
	return proc_start(&capture->proc, &spec, err);
}

static int capture_finish(struct capture *capture, struct err *err)
{
	if (capture->proc.pid <= 0)
		return 0;
	return proc_wait(&capture->proc, deadline_never(), &capture->status, &capture->usage, err);
}

static void capture_release(struct capture *capture)
{
	proc_kill(&capture->proc);
	fd_close(&capture->out_fd);
	fd_close(&capture->err_fd);
	*capture = (struct capture)CAPTURE_INIT;
}

/* --------------------------------------------------------------- */

/* "cc" says nothing, but what it is a link to does. */
static enum compiler_family family_of(const char *name)
{
	enum compiler_family family = family_of_name(name);
	autofree char *file = NULL;
	char target[PATH_MAX];

	if (family != FAMILY_UNKNOWN)
		return family;
	file = strchr(name, '/') ? mem_strdup(name) : path_find_program(name, NULL, NULL, NULL);
	return file && realpath(file, target) ? family_of_name(target) : FAMILY_UNKNOWN;
}

const char *preprocess_terminal(void)
{
	static int on_terminal = -1;		/* asked once */

	if (on_terminal < 0)
		on_terminal = isatty(2);
	return on_terminal ? env_get("TERM") : NULL;
}

enum text_kind preprocess_best_kind(const struct scan *scan)
{
	return text_kind_choose(family_of(scan->command.words[0]), &scan->needs);
}

static int start(struct preprocess *cpp, const struct scan *scan, enum text_kind kind, struct err *err)
{
	autoargv command = ARGV_INIT;

	cpp->kind = kind;
	if (language_is_preprocessed(scan->language)) {
		cpp->kind = TEXT_EXPANDED;
		cpp->source.out_fd = open(scan->command.words[scan->input_at], O_RDONLY | O_CLOEXEC);
		if (cpp->source.out_fd < 0)
			return err_sys(err, ERR_NO_FILE, "cannot open '%s'",
				       scan->command.words[scan->input_at]);
		return 0;
	}
	scan_preprocess_command(scan, kind, &command);
	if (scan_colour_option(scan, preprocess_terminal()))
		argv_add(&command, scan_colour_option(scan, preprocess_terminal()));
	if (capture_start(&cpp->source, &command, true, err) < 0)
		return -1;
	if (kind == TEXT_INCLUDES) {
		argv_release(&command);
		scan_predefines_command(scan, &command);
		return capture_start(&cpp->predefines, &command, false, err);
	}
	return 0;
}

static int map_text(struct preprocess *cpp, struct err *err)
{
	struct stat st;

	if (fstat(cpp->source.out_fd, &st) < 0)
		return err_sys(err, ERR_IO, "cannot look at the preprocessed text");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_IO, "the source is no regular file");
	if (!st.st_size)
		return 0;
	cpp->mapped = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, cpp->source.out_fd, 0);
	if (cpp->mapped == MAP_FAILED) {
		cpp->mapped = NULL;
		return err_sys(err, ERR_IO, "cannot map the preprocessed text");
	}
	cpp->mapped_len = (size_t)st.st_size;
	return 0;
}

/* A line that says whose lines follow: "# 1 "FILE"FLAGS". */
static void add_marker(struct buf *out, const char *file, const char *flags)
{
	buf_add_str(out, "# 1 \"");
	for (const char *c = file; *c; c++) {
		if (*c == '"' || *c == '\\')
			buf_add(out, "\\", 1);
		if (*c == '\n')
			buf_add_str(out, "\\n");
		else
			buf_add(out, c, 1);
	}
	buf_add_format(out, "\"%s\n", flags);
}

/* clang's debug sections name a unit as they would here: without "./" before, and with one slash
 * between directory and file, however many there are (tried with clang 14). */
static char *unit_name(const char *source)
{
	size_t dir_len;

	while (str_starts_with(source, "./"))
		for (source += 2; *source == '/';)
			source++;
	dir_len = (size_t)(path_base(source) - source);
	while (dir_len > 1 && source[dir_len - 2] == '/')
		dir_len--;
	return str_format("%.*s%s", (int)dir_len, source, path_base(source));
}

/* The first marker names the unit; the predefined macros follow as from a system header. */
static int join_predefines(struct preprocess *cpp, const struct scan *scan, struct err *err)
{
	const char *source = scan->command.words[scan->input_at];
	autofree char *unit = unit_name(source);
	autobuf predefines = BUF_INIT;

	if (lseek(cpp->predefines.out_fd, 0, SEEK_SET) < 0 ||
	    fd_read_all(cpp->predefines.out_fd, SIZE_MAX / 2, &predefines, err) < 0)
		return err_prefix(err, "reading the predefined macros");
	add_marker(&cpp->joined, unit, "");
	add_marker(&cpp->joined, "<built-in>", " 1 3");
	buf_add(&cpp->joined, predefines.data, predefines.len);
	add_marker(&cpp->joined, source, " 2");
	buf_add(&cpp->joined, cpp->mapped, cpp->mapped_len);
	cpp->text = cpp->joined.data;
	cpp->text_len = cpp->joined.len;
	return 0;
}

static bool starts_with_marker(const char *text, size_t len)
{
	return len > 2 && memcmp(text, "# ", 2) == 0 && text[2] >= '0' && text[2] <= '9';
}

/* "# 1 "/DIRECTORY//"", gcc's second line with -g. */
static bool names_directory(const char *text, size_t len)
{
	const char *line = memchr(text, '\n', len),
		   *stop = line ? memchr(line + 1, '\n', len - (size_t)(line + 1 - text)) : NULL;

	return stop && stop - line > 4 && memcmp(stop - 3, "//\"", 3) == 0;
}

/*
 * Text that was preprocessed by others may not say whose it is, and the compiler would take the names
 * of the server's file and directory for it. A file is named for all, its directory for gcc's -g.
 */
static void join_names(struct preprocess *cpp, const struct scan *scan)
{
	const char *source = scan->command.words[scan->input_at];
	bool has_marker = starts_with_marker(cpp->text, cpp->text_len);
	const char *end = has_marker ? memchr(cpp->text, '\n', cpp->text_len) : NULL;
	size_t marker_len = end ? (size_t)(end - cpp->text) + 1 : 0;

	if (has_marker && (!end || scan->family != FAMILY_GCC || !scan->needs.debug ||
			   names_directory(cpp->text, cpp->text_len)))
		return;
	if (has_marker)
		buf_add(&cpp->joined, cpp->text, marker_len);
	else
		add_marker(&cpp->joined, source, "");
	if (scan->family == FAMILY_GCC && scan->needs.debug) {
		autofree char *dir = getcwd(NULL, 0);
		autofree char *name = str_format("%s//", dir ? dir : "");

		add_marker(&cpp->joined, name, "");
		if (!has_marker)
			add_marker(&cpp->joined, source, "");
	}
	/* with its own marker once more, if it has one */
	buf_add(&cpp->joined, cpp->text, cpp->text_len);
	cpp->text = cpp->joined.data;
	cpp->text_len = cpp->joined.len;
}

static int finish(struct preprocess *cpp, const struct scan *scan, struct err *err)
{
	if (capture_finish(&cpp->source, err) < 0 || capture_finish(&cpp->predefines, err) < 0 ||
	    map_text(cpp, err) < 0)
		return -1;
	cpp->status = cpp->source.status ? cpp->source.status : cpp->predefines.status;
	cpp->text = cpp->mapped ? cpp->mapped : "";
	cpp->text_len = cpp->mapped_len;
	if (cpp->kind == TEXT_INCLUDES && !cpp->status && join_predefines(cpp, scan, err) < 0)
		return -1;
	if (language_is_preprocessed(scan->language))
		join_names(cpp, scan);
	cpp->finished = true;
	return 0;
}

int preprocess_run(struct preprocess *cpp, const struct scan *scan, enum text_kind kind, struct err *err)
{
	preprocess_release(cpp);
	return start(cpp, scan, kind, err) < 0 || finish(cpp, scan, err) < 0 ? -1 : 0;
}

static bool was_not_understood(const struct preprocess *cpp)
{
	autobuf messages = BUF_INIT;

	preprocess_messages(cpp, &messages);
	return text_was_not_understood(cpp->kind, messages.data, messages.len);
}

/* Blanks that stand where a directive may have been are nearly always what they seem to be. */
static bool lacks_directives(const struct preprocess *cpp)
{
	return text_may_lack_directives(cpp->text, cpp->text_len) &&
	       (origin_has_word(cpp->text, cpp->text_len, "pop_macro") ||
		origin_has_word(cpp->text, cpp->text_len, "poison"));
}

bool preprocess_must_expand(const struct preprocess *cpp, const struct scan *scan)
{
	if (cpp->kind != TEXT_DIRECTIVES && cpp->kind != TEXT_INCLUDES)
		return false;
	if (cpp->status)
		return was_not_understood(cpp);
	return text_must_be_expanded(cpp->kind, scan->maps_files, cpp->text, cpp->text_len) ||
	       asm_reads_files(cpp->text, cpp->text_len, false) ||
	       (cpp->kind == TEXT_DIRECTIVES && lacks_directives(cpp));
}

int preprocess_run_best(struct preprocess *cpp, const struct scan *scan, struct err *err)
{
	if (preprocess_run(cpp, scan, preprocess_best_kind(scan), err) < 0)
		return -1;
	return preprocess_must_expand(cpp, scan) ? preprocess_run(cpp, scan, TEXT_EXPANDED, err) : 0;
}

void preprocess_messages(const struct preprocess *cpp, struct buf *out)
{
	/* nearly always there are none */
	if (cpp->source.err_fd >= 0 && lseek(cpp->source.err_fd, 0, SEEK_END) > 0 &&
	    lseek(cpp->source.err_fd, 0, SEEK_SET) == 0)
		fd_read_all(cpp->source.err_fd, SIZE_MAX / 2, out, NULL);
}

void preprocess_release(struct preprocess *cpp)
{
	capture_release(&cpp->source);
	capture_release(&cpp->predefines);
	if (cpp->mapped)
		munmap(cpp->mapped, cpp->mapped_len);
	buf_release(&cpp->joined);
	*cpp = (struct preprocess)PREPROCESS_INIT;
}
