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
static const char *rest_behind(const char *path, bool (*found)(const char *dir, const void *context), const void *context)
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

/* Does the first NAME on this PATH lead to the program that we are? (/usr/lib/distcc and
 * /usr/lib/distcc/bin may both be on PATH.) */
static bool leads_to_us(const char *name, const char *path)
{
	autofree char *file = path_find_program(name, path, NULL, NULL);
	struct stat found, self;

	return file && stat(file, &found) == 0 && stat("/proc/self/exe", &self) == 0 &&
	       found.st_dev == self.st_dev && found.st_ino == self.st_ino;
}

bool masquerade_leave(const char *argv0)
{
	const char *name = path_base(argv0), *path = getenv("PATH"), *rest;
	autofree char *kept = NULL;

	if (!path)
		return false;
	if (strchr(argv0, '/')) {
		autofree char *dir = path_dir(argv0);
		autofree char *absolute = path_absolute(dir);

		rest = rest_behind(path, dir_is, absolute);
	} else {
		rest = rest_behind(path, dir_has, name);
	}
	/* Not by the text of the directory, or not far enough: go on while we would only find ourselves. */
	for (const char *at = rest ? rest : path; at && leads_to_us(name, at); at = rest)
		rest = rest_behind(at, dir_has, name);
	if (!rest)
		return false;
	kept = mem_strdup(rest);
	setenv("PATH", kept, 1);
	return true;
}
