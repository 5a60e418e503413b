/*
 * compiler/scan.c - see scan.h.
 *
 * One pass over the words with the table of options.c; whatever it cannot judge makes the job local.
 * What a stock server would refuse or misread is local too: its own scan of the command is simpler
 * than ours, and it drops the connection where it disagrees.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "compiler/options.h"

/* What the pass collects besides struct scan. */
struct pass {
	bool has_compile;
	const char *x_language;		/* of the last -x */
	bool x_after_input;
	bool no_warnings;		/* -w, wherever it stands */
	bool wp_deps;			/* dependencies are asked for with -Wp, */
	size_t n_inputs, n_outputs;
	const char *foreign;		/* an input in a language that is never distributed */
};

static void local(struct scan *scan, const char *reason, const char *word, const char *explanation)
{
	if (scan->reason)
		return;			/* the first reason is the one to tell */
	scan->reason = reason;
	snprintf(scan->reason_word, sizeof(scan->reason_word), "%s", word ? word : "");
	scan->explanation = explanation;
}

/* --------------------------------------------------------------- one spelling for each option */

/* "-Wp,-MD,F,-DX" -> "-MD" "-MF" "F" "-DX" */
static void add_wp_parts(struct scan *scan, struct pass *pass, const char *word, struct argv *out)
{
	autofree char *copy = mem_strdup(word + strlen("-Wp,"));
	char *rest = copy, *part;
	bool file_next = false;

	for (size_t i = 0; (part = strsep(&rest, ",")); i++) {
		bool is_deps = strcmp(part, "-MD") == 0 || strcmp(part, "-MMD") == 0;

		if (file_next)
			argv_add(out, "-MF");
		argv_add(out, part);
		pass->wp_deps |= is_deps;
		/* clang knows only this pair, and drops what follows it (tried with clang 14) */
		if (is_deps && scan->family != FAMILY_GCC && (i > 0 || !rest || strchr(rest, ',')))
			local(scan, "option", word, "clang reads only -Wp,-MD,FILE as gcc does");
		/* Here, and only here, these two take the file's name as their argument. */
		file_next = rest && is_deps;
	}
}

/* The preprocessor takes it from the driver just so. */
static bool is_plain_for_preprocessor(const char *word)
{
	return (word[0] == '-' && strchr("DUI", word[1]) && word[1] && word[2] && strcmp(word, "-I-") != 0);
}

static void normalise(struct scan *scan, struct pass *pass, const struct argv *command, struct argv *out)
{
	argv_add(out, command->words[0]);
	for (size_t i = 1; i < command->n;) {
		char *const *words = command->words + i;
		struct option_match match = { NULL, NULL, 1 };
		size_t n_used = option_shorten(words, out);

		if (n_used) {
			i += n_used;
			continue;
		}
		if (str_starts_with(words[0], "-Wp,")) {
			add_wp_parts(scan, pass, words[0], out);
			i++;
			continue;
		}
		if (strcmp(words[0], "-Xpreprocessor") == 0 && words[1] &&
		    is_plain_for_preprocessor(words[1])) {
			argv_add(out, words[1]);
			i += 2;
			continue;
		}
		/* whoever compiles a source, and does not only preprocess it, ignores that */
		if (strcmp(words[0], "-fdirectives-only") == 0 && scan->family == FAMILY_GCC) {
			i++;
			continue;
		}
		/* the argument of an option is not spelled in two ways */
		if (words[0][0] == '-' && words[0][1])
			match = option_find(words);
		argv_add(out, words[0]);
		if (match.n_words == 2 && words[1])
			argv_add(out, words[1]);
		i += match.n_words == 2 && words[1] ? 2 : 1;
	}
}

/* --------------------------------------------------------------- options that need a closer look */

/* Assembler options that neither name a file nor print: all others are local. */
static bool assembler_part_is_plain(const char *part)
{
	static const char *const plain[] = {
		"--noexecstack", "--execstack", "--32", "--64", "--x32", "--fatal-warnings", "--no-warn", "-W", "--warn",
		"--noexecstack", "--gdwarf-", "--compress-debug-sections", "--no-pad-sections", "-m", "-O", "--divide",
		"--strip-local-absolute", "--generate-missing-build-notes=", "--elf-stt-common=", "--reduce-memory-overheads",
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (str_starts_with(part, plain[i]) && !strchr(part, '/'))
			return true;
	return false;
}

static bool assembler_is_plain(const char *parts)
{
	autofree char *copy = mem_strdup(parts);
	char *rest = copy, *part;

	while ((part = strsep(&rest, ",")))
		if (!assembler_part_is_plain(part))
			return false;
	return true;
}

/* An option that only the catch-all rows know, with a value that could be a file's name. */
static bool may_name_a_file(const struct option_row *row, const char *word)
{
	const char *value = strchr(word, '='), *dot;

	if (row->form != OPTION_PREFIX || (row->meaning & OPT_PREPROCESSOR) ||
	    strlen(row->name) > 2 || !value)
		return false;
	dot = strrchr(value, '.');
	return strchr(value, '/') ||
	       (dot && dot[1] && strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz") == strlen(dot + 1));
}

/* Words that stand in what we send and that the scan of a stock server would take for something else. */
static bool server_would_misread(const char *word)
{
	if (word[0] != '-') {
		const char *extension = path_extension(word);

		return language_is_distributable(language_of_file(word)) || str_equal(extension, ".o");
	}
	return false;
}

/* --------------------------------------------------------------- the pass */

static void take_output(struct scan *scan, struct pass *pass, const char *name)
{
	argv_add(&scan->command, "-o");
	argv_add(&scan->command, name);
	scan->output_at = scan->command.n - 1;
	if (pass->n_outputs++)
		local(scan, "two-outputs", name, "more than one output is named");
	if (strcmp(name, "-") == 0)
		local(scan, "output-stdout", name, "the output goes to standard output");
}

/* Those of compiler/guards.h: gcc gives the one when asked, clang the other unless asked not to. */
static void take_warning(struct guard_warnings *warnings, const char *word)
{
	static const struct { const char *word; bool indentation, empty_bodies, on; } rows[] = {
		{ "-Wall", true, false, true },
		{ "-Wmisleading-indentation", true, false, true },
		{ "-Werror=misleading-indentation", true, false, true },
		{ "-Wno-misleading-indentation", true, false, false },
		{ "-Wempty-body", false, true, true },
		{ "-Werror=empty-body", false, true, true },
		{ "-Wno-empty-body", false, true, false },
		{ "-Weverything", false, true, true },
		{ "-Wno-everything", false, true, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!str_equal(word, rows[i].word))
			continue;
		if (rows[i].indentation)
			warnings->indentation = rows[i].on;
		if (rows[i].empty_bodies)
			warnings->empty_bodies = rows[i].on;
	}
}

static void take_option_meaning(struct scan *scan, struct pass *pass, const char *word,
				const struct option_match *match)
{
	unsigned meaning = match->row->meaning;

	take_warning(&scan->warnings, word);
	pass->no_warnings |= str_equal(word, "-w");
	if (meaning & OPT_LOCAL)
		local(scan, "option", word, match->row->reason);
	if (meaning & OPT_LOCAL_CPP) {
		scan->verdict = SCAN_LOCAL_CPP;
		local(scan, "preprocess-only", word, "preprocessing is done where the files are");
	}
	if (meaning & OPT_COMPILE)
		pass->has_compile = true;
	if (meaning & OPT_ASSEMBLE_TEXT)
		scan->is_assembly_text = true;
	if (meaning & OPT_DEBUG)
		scan->needs.debug = true;
	if (str_equal(match->row->name, "-g0"))
		scan->needs.debug = false;
	/* clang does all of them with the other kind of text */
	scan->needs.expansion |= (meaning & OPT_EXPANDED) && scan->family != FAMILY_CLANG;
	scan->needs.unused_macros |= (meaning & OPT_UNUSED_MACROS) != 0;
	/* its list of predefined macros would be wrong */
	scan->needs.expansion |= (meaning & OPT_BARE_MACROS) && scan->family == FAMILY_CLANG;
	/* a list of macros (clang -dM) cannot express it */
	scan->needs.expansion |= (meaning & OPT_DEFINES) && scan->family == FAMILY_CLANG &&
				 strchr(match->argument, '\n');
	scan->maps_files |= (meaning & OPT_MAPS_FILES) != 0;
	scan->needs.columns |= (meaning & OPT_KEEPS_COLUMNS) != 0;
	/* the last one counts, and this one asks the terminal */
	if (meaning & OPT_COLOUR)
		scan->has_colour = !str_equal(word, "-fdiagnostics-color=auto");
	scan->has_debug_dir |= (meaning & OPT_DEBUG_DIR) != 0;
	if (meaning & OPT_LTO) {
		scan->is_lto = true;
		if (scan->family != FAMILY_CLANG)
			local(scan, "option", word, match->row->reason);
	}
	if (meaning & OPT_GCC_ONLY && scan->family != FAMILY_GCC)
		local(scan, "option", word, match->row->reason);
	if (meaning & OPT_NATIVE) {
		scan->has_native = true;
		if (scan->family == FAMILY_UNKNOWN)
			local(scan, "option", word,
			      "depends on this machine, and a compiler of this name cannot be asked");
	}
	if (meaning & OPT_DEPS)
		scan->wants_deps = true;
	if (meaning & OPT_DEPS_TARGET)
		scan->has_deps_target = true;
	if (meaning & OPT_DEPS_FILE) {
		scan->has_deps_file = true;
		free(scan->deps_file);
		scan->deps_file = mem_strdup(match->argument);
		if (strcmp(match->argument, "-") == 0)
			local(scan, "output-stdout", word, "the dependencies go to standard output");
	}
	if (meaning & OPT_LANGUAGE) {
		pass->x_language = match->argument;
		if (pass->n_inputs)
			pass->x_after_input = true;
	}
}

static size_t take_option(struct scan *scan, struct pass *pass, char *const *words)
{
	const char *word = words[0];
	struct option_match match = option_find(words);

	if (!match.row) {
		local(scan, "unknown-option", word,
		      "an option that is not in the table may read or write files");
		argv_add(&scan->command, word);
		return 1;
	}
	if (match.n_words == 2 && !match.argument) {
		local(scan, "option", word, "its argument is missing");
		argv_add(&scan->command, word);
		return 1;
	}
	if (match.row->meaning & OPT_OUTPUT) {
		take_output(scan, pass, match.argument);
		return match.n_words;
	}
	take_option_meaning(scan, pass, word, &match);
	if (str_starts_with(word, "-Wa,") && !assembler_is_plain(word + 4))
		local(scan, "option", word, "hands the assembler options that may name files");
	if (may_name_a_file(match.row, word))
		local(scan, "option", word, "its value may be the name of a file");
	if (match.row->meaning & OPT_LANGUAGE) {
		/* Always two words: the scan of a stock server judges the word after "-x...". */
		argv_add(&scan->command, "-x");
		argv_add(&scan->command, match.argument);
		return match.n_words;
	}
	for (size_t i = 0; i < match.n_words; i++)
		argv_add(&scan->command, words[i]);
	if (match.n_words == 2 && !(match.row->meaning & (OPT_PREPROCESSOR | OPT_LINKER)) &&
	    server_would_misread(match.argument))
		local(scan, "option", match.argument,
		      "a server would take this argument for a source or an object");
	return match.n_words;
}

static void take_word(struct scan *scan, struct pass *pass, const char *word)
{
	argv_add(&scan->command, word);
	if (word[0] == '@')
		local(scan, "response-file", word,
		      "a response file that cannot be read, or holds more than a command line");
	else if (pass->n_inputs++)
		local(scan, "two-inputs", word, "more than one input is named");
	if (!pass->foreign && language_foreign(word))
		pass->foreign = word;
	scan->input_at = scan->command.n - 1;
}

/* --------------------------------------------------------------- judging what was collected */

static void judge_input(struct scan *scan, const struct pass *pass)
{
	const char *input = scan->command.words[scan->input_at], *base = path_base(input);
	enum language by_name = language_of_file(input);
	const char *compiler = path_base(scan->command.words[0]);

	scan->language = pass->x_language ? language_of_x(pass->x_language) : by_name;
	if (scan->language == LANG_ASSEMBLER || scan->language == LANG_ASSEMBLER_CPP ||
	    by_name == LANG_ASSEMBLER)
		local(scan, "assembler", input,
		      "an assembler source may include files that only this machine has");
	else if (!language_is_distributable(scan->language))
		local(scan, "language", pass->x_language ? pass->x_language : input,
		      "this is no source that can be distributed");
	else if (!language_is_distributable(by_name))
		local(scan, "language", input, "a server knows sources by their file names");
	if (scan->family == FAMILY_CLANG && language_is_objc(scan->language))
		local(scan, "language", input,
		      "clang writes the name of the file that it reads into objects of Objective-C");
	if (pass->x_after_input)
		local(scan, "option", "-x", "a language that is named after the source");
	if (str_starts_with(base, "conftest.") || str_starts_with(base, "tmp.conftest."))
		local(scan, "conftest", input, "configure tests this machine's compiler");
	if (!pass->x_language && strstr(compiler, "clang++") &&
	    (scan->language == LANG_C || scan->language == LANG_C_CPP))
		local(scan, "language", input, "clang++ takes C sources for C++");
}

static void derive_output(struct scan *scan)
{
	const char *base = path_base(scan->command.words[scan->input_at]);
	autofree char *name = path_with_extension(base, scan->is_assembly_text ? ".s" : ".o");

	argv_add(&scan->command, "-o");
	argv_add(&scan->command, name);
	scan->output_at = scan->command.n - 1;
}

/* What gcc and clang do for -MD without -MF (tried with gcc 12 and clang 14): the suffix of the
 * output, from its last dot, becomes ".d"; without -o it is the source's name that counts. */
static void derive_deps_file(struct scan *scan)
{
	const char *output = scan->command.words[scan->output_at];
	const char *slash = strrchr(output, '/'), *dot = strrchr(slash ? slash + 1 : output, '.');

	scan->deps_file = str_format("%.*s.d", (int)(dot ? (size_t)(dot - output) : strlen(output)), output);
}

static void judge(struct scan *scan, const struct pass *pass)
{
	if (!pass->has_compile && !scan->is_assembly_text && scan->verdict != SCAN_LOCAL_CPP) {
		/* It says more than whatever was found in the words of a link. */
		scan->reason = NULL;
		if (!pass->foreign)
			local(scan, "not-a-compile", NULL, "the command links, or asks something");
	}
	if (pass->foreign && scan->verdict != SCAN_LOCAL_CPP) {
		scan->reason = NULL;	/* nor do the options of another compiler matter */
		local(scan, "language", pass->foreign,
		      "only sources in C, C++ and Objective-C are distributed");
	}
	if (!pass->n_inputs) {
		local(scan, "no-input", NULL, "no source is named");
		return;
	}
	judge_input(scan, pass);
	scan->has_output = pass->n_outputs > 0;
	if (!scan->has_output)
		derive_output(scan);
	if (scan->wants_deps && !scan->has_deps_file)
		derive_deps_file(scan);
	/* "-S" without "-o" still names the object as the target; so does gcc whenever only its
	 * preprocessor was asked. */
	scan->deps_target = scan->has_output && !(pass->wp_deps && scan->family == FAMILY_GCC) ? mem_strdup(scan->command.words[scan->output_at]) :
		path_with_extension(path_base(scan->command.words[scan->input_at]), ".o");
}

void scan_command(struct scan *scan, const struct argv *command)
{
	struct pass pass = { 0 };
	autoargv words = ARGV_INIT;

	*scan = (struct scan)SCAN_INIT;
	scan->warnings.empty_bodies = true;
	if (!command->n) {
		local(scan, "no-command", NULL, "there is no command");
		return;
	}
	if (!*command->words[0] || command->words[0][0] == '-')
		local(scan, "no-compiler", command->words[0], "the first word names no compiler");
	scan->family = family_of_name(command->words[0]);
	scan->given_compiler = mem_strdup(command->words[0]);
	normalise(scan, &pass, command, &words);
	argv_add(&scan->command, words.words[0]);
	for (size_t i = 1; i < words.n;) {
		const char *word = words.words[i];

		if (word[0] == '-' && word[1]) {
			i += take_option(scan, &pass, words.words + i);
		} else {
			take_word(scan, &pass, word);
			i++;
		}
	}
	if (pass.no_warnings)
		scan->warnings = (struct guard_warnings){ false, false };
	judge(scan, &pass);
	if (!scan->reason)
		scan->verdict = SCAN_DISTRIBUTABLE;
}

void scan_release(struct scan *scan)
{
	argv_release(&scan->command);
	argv_release(&scan->native);
	free(scan->given_compiler);
	free(scan->deps_file);
	free(scan->deps_target);
	*scan = (struct scan)SCAN_INIT;
}

/* --------------------------------------------------------------- the server's view */

int scan_request(struct scan_request *out, const struct argv *argv, struct err *err)
{
	struct scan_request found = { 0, argv->n, false, LANG_NONE, false };
	bool has_compile = false;

	if (argv->n == 0 || !*argv->words[0] || argv->words[0][0] == '-')
		return err_set(err, ERR_PROTOCOL, "the command has no compiler");
	for (size_t i = 1; i < argv->n;) {
		char *const *words = argv->words + i;
		struct option_match match = { NULL, NULL, 1 };
		unsigned meaning;

		if (words[0][0] == '-' && words[0][1])
			match = option_find(words);
		meaning = match.row ? match.row->meaning : 0;
		if (match.n_words == 2 && !match.argument)
			return err_set(err, ERR_PROTOCOL, "the argument of %s is missing", words[0]);
		if (meaning & OPT_LOCAL_CPP)
			return err_set(err, ERR_PROTOCOL, "preprocessing only is not a server's work");
		if (meaning & OPT_COMPILE)
			has_compile = true;
		if (meaning & OPT_ASSEMBLE_TEXT)
			has_compile = found.is_assembly_text = true;
		if (meaning & OPT_OUTPUT) {
			if (found.output_at < argv->n)
				return err_set(err, ERR_PROTOCOL, "the command has two outputs");
			found.output_at = i + match.n_words - 1;
			found.output_is_joined = match.n_words == 1;
		}
		if (!match.row && words[0][0] != '-' && language_of_file(words[0]) != LANG_NONE) {
			if (found.input_at)
				return err_set(err, ERR_PROTOCOL, "the command has two sources");
			found.input_at = i;
			found.language = language_of_file(words[0]);
		}
		i += match.n_words;
	}
	if (!has_compile)
		return err_set(err, ERR_PROTOCOL, "the command does not compile");
	if (!found.input_at)
		return err_set(err, ERR_PROTOCOL, "the command has no source");
	*out = found;
	return 0;
}

void scan_request_redirect(const struct scan_request *scan, struct argv *argv, const char *object)
{
	if (scan->output_at >= argv->n) {
		argv_add(argv, "-o");
		argv_add(argv, object);
	} else if (scan->output_is_joined) {
		autofree char *joined = str_format("-o%s", object);

		argv_replace(argv, scan->output_at, joined);
	} else {
		argv_replace(argv, scan->output_at, object);
	}
}
