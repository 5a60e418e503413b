/* compiler/rewrite.c - see rewrite.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/rewrite.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

/* Is name BASE or BASE-VERSION? ("clang-tidy" is no compiler.) */
static bool is_compiler(const char *name, const char *base)
{
	size_t len = strlen(base);

	if (strncmp(name, base, len) != 0)
		return false;
	return !name[len] || (name[len] == '-' && name[len + 1] &&
			      strspn(name + len + 1, "0123456789.") == strlen(name + len + 1));
}

static bool dir_is_masquerade(const char *dir, const char *file, void *context)
{
	(void)file;
	(void)context;
	return strstr(dir, "distcc") != NULL;
}

/* Where one level of a symbolic link leads; NULL when it is none. */
static char *read_link(const char *path)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	autofree char *dir = path_dir(path);

	if (len <= 0)
		return NULL;
	target[len] = '\0';
	return target[0] == '/' ? mem_strdup(target) : path_join(dir, target);
}

/* "cc" and "c++" are links to a compiler with a name that means the same elsewhere. */
static bool rewrite_generic(struct argv *command, const char *path_list)
{
	bool is_cxx = strcmp(command->words[0], "c++") == 0;
	autofree char *file = NULL, *target = NULL;
	const char *name;

	if (!is_cxx && strcmp(command->words[0], "cc") != 0)
		return false;
	file = path_find_program(command->words[0], path_list, dir_is_masquerade, NULL);
	target = file ? read_link(file) : NULL;
	if (target && strcmp(target, is_cxx ? "/etc/alternatives/c++" : "/etc/alternatives/cc") == 0) {
		char *further = read_link(target);

		if (further) {
			free(target);
			target = further;
		}
	}
	if (!target || access(target, X_OK) < 0)
		return false;
	name = path_base(target);
	if (strcmp(name, is_cxx ? "g++" : "gcc") != 0 && strcmp(name, is_cxx ? "clang++" : "clang") != 0)
		return false;
	argv_replace(command, 0, name);
	return true;
}

static bool rewrite_clang(struct argv *command, const char *triple)
{
	if (!is_compiler(command->words[0], "clang") && !is_compiler(command->words[0], "clang++"))
		return false;
	for (size_t i = 1; i < command->n; i++)
		if (strcmp(command->words[i], "-target") == 0 ||
		    str_starts_with(command->words[i], "--target"))
			return false;
	argv_add(command, "-target");
	argv_add(command, triple);
	return true;
}

static bool rewrite_gcc(struct argv *command, const char *path_list, const char *triple)
{
	autofree char *name = NULL, *file = NULL;

	if (!is_compiler(command->words[0], "gcc") && !is_compiler(command->words[0], "g++"))
		return false;
	name = str_format("%s-%s", triple, command->words[0]);
	file = path_find_program(name, path_list, NULL, NULL);
	if (!file)
		return false;
	argv_replace(command, 0, name);
	return true;
}

bool rewrite_command(struct argv *command, const char *path_list, const char *triple)
{
	bool changed;

	if (!command->n || strchr(command->words[0], '/') || !*triple)
		return false;
	changed = rewrite_generic(command, path_list);
	changed = rewrite_clang(command, triple) || changed;
	return rewrite_gcc(command, path_list, triple) || changed;
}
