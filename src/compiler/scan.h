/*
 * compiler/scan.h - what a compiler command asks for. Pure: no files, no environment.
 *
 * The scan never guesses. A command with anything in it that the table does not know, or whose
 * outputs are not exactly one object (or assembly text) and at most one dependency file, is LOCAL
 * with a reason.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_SCAN_H
#define COMPILER_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/argv.h"
#include "base/err.h"
#include "compiler/language.h"

enum scan_verdict {
	SCAN_DISTRIBUTABLE,
	SCAN_LOCAL,
	SCAN_LOCAL_CPP		/* -E */
};

struct scan {
	enum scan_verdict verdict;
	const char *reason;		/* one word for logs: "option", "two-inputs"; NULL if distributable */
	char reason_word[64];		/* the option or file the reason is about, "" if none */
	const char *explanation;	/* a sentence for people */

	/* Only with SCAN_DISTRIBUTABLE: */
	struct argv command;		/* the command after -Wp, expansion, with an explicit "-o FILE" */
	size_t input_at;		/* index of the source in command */
	size_t output_at;		/* index of the output's name in command (always a word of its own) */
	enum language language;
	bool is_assembly_text;		/* -S */
	bool has_debug;			/* -g */
	bool wants_deps;		/* -MD or -MMD */
	char *deps_file;		/* the name that a local compile would write, NULL if none is wanted */
	bool has_deps_file;		/* -MF was given */
	bool has_deps_target;		/* -MT or -MQ was given */
	bool has_output;		/* -o was given */
	char *deps_target;		/* what a local compile would write: the output as named, or SOURCE.o */
};
#define SCAN_INIT { SCAN_LOCAL, NULL, "", NULL, ARGV_INIT, 0, 0, LANG_NONE, false, false, false, NULL, false, false, false, NULL }

/* command[0] is the compiler. Always gives a verdict. */
void scan_command(struct scan *scan, const struct argv *command);
void scan_release(struct scan *scan);

/* "-Wp,-MD,F,-DX" -> "-MD" "-MF" "F" "-DX", for every command, distributed or not. */
void scan_expand_wp(struct argv *command);

/* The command that writes preprocessed text to stdout: -c/-S become -E, -o goes, dependency
 * options are completed (-MF, -MQ) so that the file is what the whole compile would write. */
void scan_preprocess_command(const struct scan *scan, struct argv *out);

/* The command for a server in plain mode: no preprocessor and linker options. */
void scan_server_command(const struct scan *scan, struct argv *out);

/*
 * The server's view of a received command: where are the one input and the one output? Accepts all
 * that stock clients send. ERR_PROTOCOL with the reason otherwise. *output_at may be
 * argv->n when there is none (then "-o" and a name must be appended).
 */
struct scan_request {
	size_t input_at;
	size_t output_at;		/* the word that is or ends with the output's name */
	bool output_is_joined;		/* "-oNAME" in one word */
	enum language language;
	bool is_assembly_text;
};
int scan_request(struct scan_request *out, const struct argv *argv, struct err *err);

#endif
