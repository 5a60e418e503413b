/* include_server/analysis.c - see analysis.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/analysis.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "include_server/command.h"

enum {
	STEPS_MAX = 40000000,		/* tokens and directives: about a second */
	ASK_ROUNDS = 4
};

void analysis_init(struct analysis *a)
{
	*a = (struct analysis){ .arena = ARENA_INIT };
}

void analysis_release(struct analysis *a)
{
	view_release(&a->view);
	macros_release(&a->macros);
	tracer_release(&a->tracer);
	free(a->needed);
	free(a->known);
	free(a->known_at);
	free(a->once);
	argv_release(&a->questions);
	arena_release(&a->arena);
}

/* -DNAME, -DNAME=VALUE, -DF(X)=VALUE, -UNAME */
static int define_all(struct analysis *a, const struct command *command)
{
	for (size_t i = 0; i + 1 < command->defines.n; i += 2) {
		const char *word = command->defines.words[i + 1];
		const char *equals = strchr(word, '=');
		char *text = arena_alloc(&a->arena, strlen(word) + sizeof(" 1"));
		struct macro *macro;

		strcpy(text, word);
		if (equals)
			text[equals - word] = ' ';
		else
			strcat(text, " 1");
		macro = world_macro(a->view.world, text);
		if (!macro)
			return err_set(a->err, ERR_USAGE, "%s%s is no definition",
				       command->defines.words[i], word);
		if (strcmp(command->defines.words[i], "-U") == 0)
			macros_undef(&a->macros, macro->symbol);
		else
			macros_define(&a->macros, macro);
	}
	return 0;
}

/* As an #include "name" on a line before the source, in the working directory. */
static int include_all(struct analysis *a, const struct command *command, const char *option,
		       const struct frame *frame)
{
	for (size_t i = 0; i + 1 < command->includes.n; i += 2) {
		const char *name = command->includes.words[i + 1];
		struct found found;

		if (strcmp(command->includes.words[i], option) != 0)
			continue;
		found = path_find(&a->path, &a->view, a->cwd, 0, name, strlen(name));
		if (!found.entry)
			return err_set(a->err, ERR_NO_FILE, "Could not find include file '%s'.", name);
		if (closure_enter(a, frame, found.entry, found.at,
				  closure_is_absolute(a, frame, found, name), false) < 0)
			return -1;
	}
	return 0;
}

static struct entry *find_source(struct analysis *a, const char *name)
{
	struct dir *in;
	const char *slash = strrchr(name, '/');
	struct dir *dir = a->cwd;

	if (slash) {
		char *text = arena_text(&a->arena, name, (size_t)(slash - name) + (slash == name));

		dir = path_dir_of(a->view.world, a->cwd, text);
		name = slash + 1;
	}
	return view_find(&a->view, dir, name, strlen(name), &in);
}

static int walk_command(struct analysis *a, const struct command *command, struct entry *source)
{
	struct file none = { .source = { .n_ops = 0 } };
	struct frame outside = { NULL, source, &none, -1, command->source[0] == '/' };
	struct found predef;

	a->n_needed = 0;
	if (++a->pass == 0)
		a->pass = 1;
	macros_start(&a->macros, &a->toolchain->predefined);
	a->macros.steps_max = STEPS_MAX;
	a->frame = &outside;
	a->depth = a->deepest = 0;
	/* Its macros are known already if it is the compiler's own. */
	if (a->toolchain->preincludes && !command->nostdinc) {
		predef = path_find(&a->path, &a->view, NULL, a->path.n_quote, "stdc-predef.h", 13);
		if (predef.entry && (!view_real(&a->view, predef.entry) ||
				     (!view_is_system_path(&a->view, predef.entry->real) &&
				      closure_enter(a, &outside, predef.entry, predef.at,
						    a->path.absolute[predef.at], false) < 0)))
			return -1;
	}
	if (define_all(a, command) < 0 || include_all(a, command, "-imacros", &outside) < 0 ||
	    include_all(a, command, "-include", &outside) < 0)
		return -1;
	if (closure_enter(a, NULL, source, -1, command->source[0] == '/', false) < 0)
		return -1;
	/* An expression that was broken off counted as unknown. */
	return a->macros.steps >= a->macros.steps_max ? closure_too_much(a) : 0;
}

static int run(struct analysis *a, const struct command *command, const char *compiler)
{
	struct world *world = a->view.world;
	struct entry *source;

	a->toolchain = toolchain_get(world, compiler, command->language, &command->options,
				     a->cwd->name, a->err);
	if (!a->toolchain)
		return -1;
	view_start(&a->view, world);
	a->view.toolchain = a->toolchain;
	if (view_dir(&a->view, a->cwd)->kind != KIND_DIRECTORY)
		return err_set(a->err, ERR_NO_FILE, "the working directory '%s' is not there", a->cwd->name);
	source = find_source(a, command->source);
	if (!source)
		return err_set(a->err, ERR_NO_FILE, "Could not find translation unit '%s'.", command->source);
	path_make(&a->path, &a->view, command, a->cwd, &a->arena);
	for (int i = 0; i < ASK_ROUNDS; i++) {
		argv_release(&a->questions);
		if (walk_command(a, command, source) < 0)
			return -1;
		if (!a->questions.n)
			break;
		toolchain_ask(world, a->toolchain, &a->questions);
	}
	return 0;
}

int analysis_run(struct analysis *a, struct world *world, const char *cwd, const struct argv *argv,
		 struct err *err)
{
	struct command command = COMMAND_INIT;
	int result = -1;

	arena_clear(&a->arena);
	a->err = err;
	if (cwd[0] != '/')
		return err_set(err, ERR_USAGE, "the working directory '%s' is not absolute", cwd);
	if (a->world_serial != world->serial) {
		/* numbers of files, entries and symbols begin anew in a new world */
		a->n_known = a->n_once = 0;
		free(a->known);
		free(a->known_at);
		free(a->once);
		a->known = a->known_at = a->once = NULL;
		macros_release(&a->macros);
		a->macros = (struct macros){ .symbols = &world->symbols };
		view_release(&a->view);
		a->view = (struct view){ .world = world };
		a->world_serial = world->serial;
	}
	a->macros.symbols = &world->symbols;
	a->macros.notes = a->view.notes = &a->tracer.notes;
	a->tracer.notes.n_wanted = 0;
	a->tracer.view = &a->view;
	a->tracer.macros = &a->macros;
	a->tracer.once = &a->once;
	a->tracer.n_once = &a->n_once;
	a->tracer.pass = &a->pass;
	a->cwd = world_dir(world, cwd, strlen(cwd));
	if (command_parse(&command, argv, err) == 0)
		result = run(a, &command, argv->words[0]);
	command_release(&command);
	return result;
}
