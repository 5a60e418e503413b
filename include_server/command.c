/*
 * include_server/command.c - see command.h.
 *
 * Where an option's argument is comes from the one table of compiler/options.c; the table here says
 * what an option means for includes. A word that the former does not know is not guessed at.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/command.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "compiler/options.h"

enum effect {
	/* may decide about directories or predefined macros: the compiler is asked with it */
	EFFECT_ASK,
	EFFECT_NONE,		/* cannot concern includes */
	EFFECT_REFUSE,
	EFFECT_QUOTE, EFFECT_ANGLE, EFFECT_SYSTEM, EFFECT_AFTER,
	EFFECT_PREFIX, EFFECT_WITHPREFIX, EFFECT_WITHPREFIXBEFORE,
	EFFECT_INCLUDE, EFFECT_DEFINE, EFFECT_LANGUAGE, EFFECT_NOSTDINC
};

static const struct {
	const char *name;
	enum effect effect;
} effects[] = {
	{ "-I", EFFECT_ANGLE }, { "-iquote", EFFECT_QUOTE }, { "-isystem", EFFECT_SYSTEM }, { "-idirafter", EFFECT_AFTER },
	{ "-iprefix", EFFECT_PREFIX }, { "-iwithprefix", EFFECT_WITHPREFIX }, { "-iwithprefixbefore", EFFECT_WITHPREFIXBEFORE },
	{ "-include", EFFECT_INCLUDE }, { "-imacros", EFFECT_INCLUDE },
	{ "-D", EFFECT_DEFINE }, { "-U", EFFECT_DEFINE },
	{ "-x", EFFECT_LANGUAGE }, { "-nostdinc", EFFECT_NOSTDINC },
	{ "-o", EFFECT_NONE }, { "-c", EFFECT_NONE }, { "-S", EFFECT_NONE }, { "-pipe", EFFECT_NONE },
	{ "-MD", EFFECT_NONE }, { "-MMD", EFFECT_NONE }, { "-MP", EFFECT_NONE }, { "-MF", EFFECT_NONE }, { "-MT", EFFECT_NONE },
	{ "-MQ", EFFECT_NONE }, { "-W", EFFECT_NONE }, { "-w", EFFECT_NONE }, { "-pedantic", EFFECT_NONE }, { "-pedantic-errors", EFFECT_NONE },
	{ "-g", EFFECT_NONE }, { "-g0", EFFECT_NONE }, { "-Wa,", EFFECT_NONE }, { "-Wl,", EFFECT_NONE },
	{ "-frandom-seed=", EFFECT_NONE }, { "-fdebug-prefix-map=", EFFECT_NONE }, { "-ffile-prefix-map=", EFFECT_NONE },
	{ "-fmacro-prefix-map=", EFFECT_NONE }, { "-fdebug-compilation-dir=", EFFECT_NONE }, { "-ffile-compilation-dir=", EFFECT_NONE },
	{ "-F", EFFECT_REFUSE }, { "-iframework", EFFECT_REFUSE }, { "-imultilib", EFFECT_REFUSE }, { "-I-", EFFECT_REFUSE },
	{ "-cxx-isystem", EFFECT_REFUSE }, { "-E", EFFECT_REFUSE },
	/* judged here although a client keeps the command at home: other clients do not */
	{ "-B", EFFECT_ASK }, { "-march=native", EFFECT_ASK }, { "-mtune=native", EFFECT_NONE }, { "-mcpu=native", EFFECT_ASK },
	{ "-Xlinker", EFFECT_NONE }, { "-aux-info", EFFECT_NONE }, { "-fprofile-arcs", EFFECT_NONE }, { "-ftest-coverage", EFFECT_NONE },
	{ "--coverage", EFFECT_NONE }, { "-fstack-usage", EFFECT_NONE }, { "-gsplit-dwarf", EFFECT_NONE }, { "-ansi", EFFECT_ASK },
};

static enum effect effect_of(const struct option_row *row)
{
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (strcmp(effects[i].name, row->name) == 0)
			return effects[i].effect;
	if (row->meaning & OPT_LINKER)
		return EFFECT_NONE;
	return row->meaning & (OPT_LOCAL | OPT_LOCAL_CPP) ? EFFECT_REFUSE : EFFECT_ASK;
}

static int refuse(const char *word, const char *why, struct err *err)
{
	return err_set(err, ERR_USAGE, "%s %s", word, why);
}

struct pass {
	struct command *command;
	const char *prefix;
	const char *x;
	bool two_sources;
};

static int add_dir(struct argv *dirs, const char *prefix, const char *dir, struct err *err)
{
	if (dir[0] == '=' || str_starts_with(dir, "$SYSROOT"))
		return refuse(dir, "is relative to the system root, which is not followed here", err);
	argv_add_format(dirs, "%s%s", prefix ? prefix : "", dir);
	return 0;
}

static int take_option(struct pass *pass, const char *word, const struct option_match *match, struct err *err)
{
	struct command *command = pass->command;
	const char *argument = match->argument;
	enum effect effect;

	if (!match->row)
		return refuse(word, "is an option that is not known here", err);
	if (match->n_words == 2 && !argument)
		return err_set(err, ERR_USAGE, "No argument found for option '%s'", word);
	effect = effect_of(match->row);
	/* an option whose argument may be empty has nothing to say then */
	if (!argument && effect != EFFECT_ASK && effect != EFFECT_NONE &&
	    effect != EFFECT_NOSTDINC && effect != EFFECT_REFUSE)
		return err_set(err, ERR_USAGE, "No argument found for option '%s'", word);
	switch (effect) {
	case EFFECT_NONE:
		return 0;
	case EFFECT_REFUSE:
		return refuse(word, "is not followed here", err);
	case EFFECT_ASK:
		argv_add(&command->options, word);
		if (match->n_words == 2)
			argv_add(&command->options, argument);
		return 0;
	case EFFECT_QUOTE:
		return add_dir(&command->quote, NULL, argument, err);
	case EFFECT_ANGLE:
		return add_dir(&command->angle, NULL, argument, err);
	case EFFECT_SYSTEM:
		return add_dir(&command->system, NULL, argument, err);
	case EFFECT_AFTER:
		return add_dir(&command->after, NULL, argument, err);
	case EFFECT_PREFIX:
		pass->prefix = argument;
		return 0;
	case EFFECT_WITHPREFIX:
	case EFFECT_WITHPREFIXBEFORE:
		if (!pass->prefix)
			return refuse(word, "without -iprefix is not followed here", err);
		return add_dir(effect == EFFECT_WITHPREFIX ? &command->after : &command->angle,
			       pass->prefix, argument, err);
	case EFFECT_INCLUDE:
		argv_add(&command->includes, match->row->name);
		argv_add(&command->includes, argument);
		return 0;
	case EFFECT_DEFINE:
		argv_add(&command->defines, match->row->name);
		argv_add(&command->defines, argument);
		return 0;
	case EFFECT_LANGUAGE:
		pass->x = argument;
		return 0;
	case EFFECT_NOSTDINC:
		command->nostdinc = true;
		return 0;
	}
	return 0;
}

int command_parse(struct command *command, const struct argv *argv, struct err *err)
{
	struct pass pass = { .command = command };

	if (argv->n < 2)
		return err_set(err, ERR_USAGE, "Command line: too few arguments.");
	for (size_t i = 1; i < argv->n;) {
		const char *word = argv->words[i];

		if (!*word)
			return err_set(err, ERR_USAGE, "the command has an empty word");
		if (word[0] == '-' && word[1]) {
			struct option_match match = option_find(argv->words + i);

			if (take_option(&pass, word, &match, err) < 0)
				return -1;
			i += match.n_words;
			continue;
		}
		if (word[0] == '@')
			return refuse(word, "names a response file, which a server could not read", err);
		if (command->source)
			pass.two_sources = true;
		command->source = word;
		i++;
	}
	if (!command->source || pass.two_sources) {
		autofree char *printable = argv_printable(argv);

		return err_set(err, ERR_USAGE, "Could not locate name of translation unit: %s", printable);
	}
	command->language = pass.x && strcmp(pass.x, "none") != 0 ? language_of_x(pass.x) : language_of_file(command->source);
	if (!language_is_distributable(command->language) || language_is_preprocessed(command->language))
		return err_set(err, ERR_USAGE,
			       "For source file '%s': unrecognized filename extension",
			       command->source);
	return 0;
}

void command_release(struct command *command)
{
	argv_release(&command->quote);
	argv_release(&command->angle);
	argv_release(&command->system);
	argv_release(&command->after);
	argv_release(&command->includes);
	argv_release(&command->defines);
	argv_release(&command->options);
}
