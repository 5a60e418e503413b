/* daemon/allow.c - see allow.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/allow.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "daemon/refuse.h"

#ifndef LIBDIR
#define LIBDIR "/usr/lib"
#endif

enum { CMDLIST_MAX = 1 << 20 };

static const char *const masquerade_dirs[] = { LIBDIR "/distcc", "/usr/lib/distcc" };
enum { N_DIRS = sizeof(masquerade_dirs) / sizeof(masquerade_dirs[0]) };

const char *allow_directory(size_t i)
{
	return i < N_DIRS ? masquerade_dirs[i] : NULL;
}

bool allow_is_pattern(const char *line)
{
	return strpbrk(line, "*?[") != NULL;
}

int allow_check_setup(struct err *err)
{
	for (int i = 0; i < N_DIRS; i++)
		if (access(masquerade_dirs[i], X_OK) == 0)
			return 0;
	return err_set(err, ERR_NO_COMPILER, "%s does not exist: run update-distcc-symlinks, which lists the compilers to serve, or use --enable-tcp-insecure",
		       masquerade_dirs[0]);
}

/* The last n words of a path, as DISTCC_CMDLIST_NUMWORDS counts them: a slash at the front counts for nothing. */
static const char *last_words(const char *path, int n)
{
	const char *at = path + strlen(path);

	while (at > path + 1) {
		if (at[-1] == '/' && --n == 0)
			return at;
		at--;
	}
	return path;
}

/* A line that is a pattern of absolute names allows what it matches, as it is named. No wildcard matches a
 * slash, or a point at the front of a word: ".." leads nowhere else. */
static bool matches_pattern(const char *line, const char *name)
{
	return line[0] == '/' && allow_is_pattern(line) &&
	       fnmatch(line, name, FNM_PATHNAME | FNM_PERIOD) == 0;
}

static int map_by_list(struct argv *argv, const char *list, struct err *err)
{
	int n_words = env_int("DISTCC_CMDLIST_NUMWORDS", env_int("DISTCC_CMDLIST_MATCHWORDS", 1));
	autofree char *wanted = mem_strdup(last_words(argv->words[0], n_words));
	autobuf text = BUF_INIT;
	char *line, *rest;

	/* A list that cannot be read allows nothing. */
	if (file_read(list, CMDLIST_MAX, &text, err) < 0) {
		err_prefix(err, "DISTCC_CMDLIST");
		if (err)
			err->code = ERR_NO_COMPILER;
		return -1;
	}
	for (rest = text.data; rest && (line = strsep(&rest, "\n"));) {
		if (matches_pattern(line, argv->words[0]))
			return 0;
		if (*line && !allow_is_pattern(line) && strcmp(last_words(line, n_words), wanted) == 0) {
			argv_replace(argv, 0, line);
			return 0;
		}
	}
	return err_set(err, ERR_NO_COMPILER, "lookup of %s in DISTCC_CMDLIST failed: add it to %s",
		       argv->words[0], list);
}

static int check_masquerade(const char *compiler, struct err *err)
{
	const char *name = compiler;

	if (strncasecmp(name, "/usr/bin/", 9) == 0)
		name += 9;
	else if (strncasecmp(name, "/bin/", 5) == 0)
		name += 5;
	if (strchr(name, '/'))
		return err_set(err, ERR_NO_COMPILER, "compiler name <%s> cannot be an absolute path: only /usr/bin and /bin may be named", compiler);
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(err, ERR_NO_COMPILER, "'%s' is no name of a compiler", name);
	for (int i = 0; i < N_DIRS; i++) {
		autofree char *file = path_join(masquerade_dirs[i], name);

		if (access(file, X_OK) == 0)
			return 0;
	}
	return err_set(err, ERR_NO_COMPILER, "%s not in %s or %s whitelist: run update-distcc-symlinks on the server, or link it there",
		       name, masquerade_dirs[0], masquerade_dirs[1]);
}

/* The administrator has put this file of specs there for clients. */
static bool is_known_specs(const char *word, const char *sysroot)
{
	autofree char *file = NULL;
	struct stat st;

	if (!sysroot || !str_starts_with(word, "-specs=") || strstr(word, ".."))
		return false;
	file = path_join(sysroot, word + strlen("-specs="));
	return stat(file, &st) == 0 && S_ISREG(st.st_mode);
}

static int check_options(const struct argv *argv, const char *sysroot, bool names_clients_files,
			 struct err *err)
{
	autoargv looked_at = ARGV_INIT;

	for (size_t i = 0; i < argv->n; i++)
		if (!is_known_specs(argv->words[i], sysroot))
			argv_add(&looked_at, argv->words[i]);
	return refuse_check(&looked_at, names_clients_files, err);
}

int allow_command(struct argv *argv, bool insecure, const char *sysroot, bool names_clients_files,
		  struct err *err)
{
	const char *list = env_get("DISTCC_CMDLIST");

	if (list) {
		if (map_by_list(argv, list, err) < 0)
			return -1;
	} else if (!insecure && check_masquerade(argv->words[0], err) < 0) {
		return -1;
	}
	return check_options(argv, sysroot, names_clients_files, err);
}
