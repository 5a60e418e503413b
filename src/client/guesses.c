/* client/guesses.c - see guesses.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/guesses.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/env.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define COUNTER "discrepancy_counter"	/* distcc 3.4's */
#define UNITS "plain_units"

enum { NOTES_MAX = 1 << 20 };

/* The file NAME in the socket's directory; NULL unless the socket is called "socket", as pump calls it. */
static char *note_path(const char *name)
{
	const char *port = env_get("INCLUDE_SERVER_PORT");

	if (!port || !str_ends_with(port, "/socket"))
		return NULL;
	return str_format("%.*s%s", (int)(strlen(port) - strlen("socket")), port, name);
}

static char *unit_line(const struct scan *scan)
{
	autofree char *cwd = getcwd(NULL, 0);

	return str_format("%s\t%s\n", cwd ? cwd : "?", scan->command.words[scan->input_at]);
}

bool guess_is_doubted(const struct scan *scan)
{
	autofree char *path = note_path(UNITS), *line = unit_line(scan);
	autobuf notes = BUF_INIT;

	if (!path || access(path, F_OK) < 0 || file_read(path, NOTES_MAX, &notes, NULL) < 0 || !notes.data)
		return false;
	for (const char *at = notes.data; (at = strstr(at, line)); at++)
		if (at == notes.data || at[-1] == '\n')
			return true;
	return false;
}

static void append(const char *path, const char *text)
{
	autoclose int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;

	if (fd >= 0)
		fd_write_full(fd, text, strlen(text), -1, NULL);
}

static off_t n_discrepancies(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 ? st.st_size : 0;
}

void guess_was_wrong(const struct scan *scan)
{
	autofree char *counter = note_path(COUNTER), *units = note_path(UNITS), *line = unit_line(scan);

	append(units, line);
	append(counter, "@");
	if (n_discrepancies(counter) == env_int("DISTCC_MAX_DISCREPANCY", 1))
		log_warning("now using plain distcc, possibly due to inconsistent file system changes during build");
}

bool guesses_are_doubted(void)
{
	autofree char *counter = note_path(COUNTER);

	return n_discrepancies(counter) >= env_int("DISTCC_MAX_DISCREPANCY", 1);
}
