/* client/masquerade.c - see masquerade.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/masquerade.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"

/* The rest of PATH behind its first component for which found() holds; NULL if none or it is last. */
static const char *rest_behind(const char *path,
			       bool (*found)(const char *dir, const void *context),
			       const void *context)
{
	while (path) {
		size_t len = strcspn(path, ":");
		autofree char *dir = len ? mem_strndup(path, len) : mem_strdup(".");

		if (found(dir, context))
			return path[len] ? path + len + 1 : NULL;
		path = path[len] ? path + len + 1 : NULL;
	}
	return NULL;
}

static bool dir_is(const char *dir, const void *wanted)
{
	return strcmp(dir, wanted) == 0;
}

static bool dir_has(const char *dir, const void *name)
{
	autofree char *file = path_join(dir, name);

	return access(file, X_OK) == 0;
}

/* Is this file the program that we are, or a link to another distcc? (Links of distcc 3.4 may be on
 * PATH beside ours.) */
static bool is_distcc(const char *file)
{
	char target[4096];
	struct stat found, self;
	ssize_t n = readlink(file, target, sizeof(target) - 1);

	if (n > 0) {
		target[n] = '\0';
		if (strcmp(path_base(target), "distcc") == 0)
			return true;
	}
	return stat(file, &found) == 0 && stat("/proc/self/exe", &self) == 0 &&
	       found.st_dev == self.st_dev && found.st_ino == self.st_ino;
}

/* Does the first NAME on this PATH lead to a distcc? (/usr/lib/distcc and /usr/lib/distcc/bin may both
 * be on PATH.) */
static bool leads_to_distcc(const char *name, const char *path)
{
	autofree char *file = path_find_program(name, path, NULL, NULL);

	return file && is_distcc(file);
}

/* rest: of PATH, or NULL for all of it. Goes on while we would only find ourselves. */
static bool leave(const char *name, const char *rest)
{
	autofree char *kept = NULL;
	const char *path = getenv("PATH");

	for (const char *at = rest ? rest : path; at && leads_to_distcc(name, at); at = rest)
		rest = rest_behind(at, dir_has, name);
	if (!rest)
		return false;
	kept = mem_strdup(rest);
	setenv("PATH", kept, 1);
	return true;
}

bool masquerade_leave(const char *argv0)
{
	const char *path = getenv("PATH");

	if (!path)
		return false;
	if (strchr(argv0, '/')) {
		autofree char *dir = path_dir(argv0);
		autofree char *absolute = path_absolute(dir);

		return leave(path_base(argv0), rest_behind(path, dir_is, absolute));
	}
	return leave(argv0, rest_behind(path, dir_has, argv0));
}

void masquerade_pass_by(struct argv *command)
{
	autofree char *compiler = mem_strdup(command->words[0]);
	const char *name = path_base(compiler);

	/* "distcc distcc gcc" is for the recursion guard. */
	if (!getenv("PATH") || strstr(name, "distcc"))
		return;
	if (strchr(compiler, '/')) {
		if (!is_distcc(compiler) || !masquerade_leave(compiler))
			return;
		argv_replace(command, 0, name);
		return;
	}
	leave(name, NULL);
}
