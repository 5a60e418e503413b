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
#include "compiler/family.h"
#include "compiler/guards.h"
#include "compiler/language.h"
#include "compiler/text.h"

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
	struct argv command;		/* in short spellings, without -Wp, and with an explicit "-o FILE" */
	/* command[0] as it was given: rewriting may change command[0] later */
	char *given_compiler;
	enum compiler_family family;	/* of command[0]'s name */
	size_t input_at;		/* index of the source in command */
	size_t output_at;		/* index of the output's name in command (always a word of its own) */
	enum language language;
	bool is_assembly_text;		/* -S */
	bool wants_deps;		/* -MD or -MMD */
	/* the name that a local compile would write, NULL if none is wanted */
	char *deps_file;
	bool has_deps_file;		/* -MF was given */
	bool has_deps_target;		/* -MT or -MQ was given */
	bool has_output;		/* -o was given */
	/* what a local compile would write: the output as named, or SOURCE.o */
	char *deps_target;
	struct text_needs needs;
	struct guard_warnings warnings;	/* those that are asked for */
	bool maps_files;		/* see compiler/text.h */
	bool has_colour;		/* the command says whether messages are coloured */
	bool has_debug_dir;		/* the command names the compilation directory */
	bool is_lto;			/* -flto, with clang */
	bool has_native;		/* -march=native or the like: not to be sent as it is */
	struct argv native;		/* what is sent in their place; see compiler/machine.h */
};
#define SCAN_INIT { .verdict = SCAN_LOCAL, .reason_word = "", .command = ARGV_INIT, .native = ARGV_INIT }

/* command[0] is the compiler. Always gives a verdict. */
void scan_command(struct scan *scan, const struct argv *command);
void scan_release(struct scan *scan);

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

/* Its output goes to `object` instead. */
void scan_request_redirect(const struct scan_request *scan, struct argv *argv, const char *object);

#endif
