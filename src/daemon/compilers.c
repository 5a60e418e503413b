/* daemon/compilers.c - see compilers.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/compilers.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "daemon/allow.h"

enum { LIST_MAX = 1 << 20, FIRST_LINE_MAX = 256 };

/* Of "#!/usr/bin/env python3 -u": what env will run, since that is what must be allowed. */
static char *read_interpreter(const char *file)
{
	autoclose int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char line[FIRST_LINE_MAX + 1], *rest = line + 2, *word;
	ssize_t n = fd < 0 ? -1 : read(fd, line, FIRST_LINE_MAX);

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return NULL;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	rest += strspn(rest, " \t");
	word = strsep(&rest, " \t");
	if (strcmp(path_base(word), "env") == 0 && rest && *rest && (word = strsep(&rest, " \t")) &&
	    word[0] != '-')
		return path_find_program(word, NULL, NULL, NULL);
	return mem_strdup(word);
}

static void add(struct compilers *compilers, const char *name)
{
	struct compiler one = { .name = mem_strdup(name) };

	for (size_t i = 0; i < compilers->n; i++) {
		if (strcmp(compilers->all[i].name, name) == 0) {
			free(one.name);
			return;
		}
	}
	one.file = strchr(name, '/') ? mem_strdup(name) : path_find_program(name, NULL, NULL, NULL);
	one.real = one.file ? realpath(one.file, NULL) : NULL;
	if (one.real)
		one.interpreter = read_interpreter(one.real);
	compilers->all = mem_resize(compilers->all, compilers->n + 1, sizeof(one));
	compilers->all[compilers->n++] = one;
}

static void add_directory(struct compilers *compilers, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		autofree char *file = path_join(path, entry->d_name);

		if (entry->d_name[0] != '.' && access(file, X_OK) == 0)
			add(compilers, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/* What a pattern allows at this moment. */
static void add_matching(struct compilers *compilers, const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (access(found.gl_pathv[i], X_OK) == 0)
			add(compilers, found.gl_pathv[i]);
	globfree(&found);
}

static void add_list(struct compilers *compilers, const char *path)
{
	autobuf text = BUF_INIT;
	char *rest, *line;

	if (file_read(path, LIST_MAX, &text, NULL) < 0)
		return;
	for (rest = text.data; rest && (line = strsep(&rest, "\n"));)
		if (allow_is_pattern(line))
			add_matching(compilers, line);
		else if (*line)
			add(compilers, line);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct compiler *)a)->name, ((const struct compiler *)b)->name);
}

void compilers_find(struct compilers *compilers)
{
	const char *list = env_get("DISTCC_CMDLIST");

	*compilers = (struct compilers)COMPILERS_INIT;
	if (list) {
		add_list(compilers, list);
	} else {
		for (size_t i = 0; allow_directory(i); i++)
			add_directory(compilers, allow_directory(i));
	}
	if (compilers->n)
		qsort(compilers->all, compilers->n, sizeof(*compilers->all), by_name);
}

void compilers_release(struct compilers *compilers)
{
	for (size_t i = 0; i < compilers->n; i++) {
		free(compilers->all[i].name);
		free(compilers->all[i].file);
		free(compilers->all[i].real);
		free(compilers->all[i].interpreter);
	}
	free(compilers->all);
	*compilers = (struct compilers)COMPILERS_INIT;
}

static void print_json_text(const char *text)
{
	if (!text) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at == '"' || *at == '\\')
			printf("\\%c", *at);
		else if (*at < 0x20)
			printf("\\u%04x", *at);
		else
			putchar(*at);
	}
	putchar('"');
}

static void print_json(const struct compilers *compilers)
{
	putchar('[');
	for (size_t i = 0; i < compilers->n; i++) {
		fputs(i ? ",\n {\"name\": " : "{\"name\": ", stdout);
		print_json_text(compilers->all[i].name);
		fputs(", \"file\": ", stdout);
		print_json_text(compilers->all[i].file);
		fputs(", \"real\": ", stdout);
		print_json_text(compilers->all[i].real);
		putchar('}');
	}
	puts("]");
}

void compilers_print(const struct compilers *compilers, bool json)
{
	if (json) {
		print_json(compilers);
		return;
	}
	for (size_t i = 0; i < compilers->n; i++) {
		const struct compiler *one = &compilers->all[i];

		if (one->real)
			printf("%-32s %s\n", one->name, one->real);
		else
			printf("%-32s cannot be run: not found on %s\n", one->name,
			       env_get("PATH") ? getenv("PATH") : "an empty PATH");
	}
}
