/* base/path.c - see path.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/path.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

const char *path_extension(const char *path)
{
	const char *base = strrchr(path, '/');
	const char *dot;

	base = base ? base + 1 : path;
	dot = strrchr(base, '.');
	return dot && dot != base && dot[1] ? dot : NULL;
}

char *path_join(const char *dir, const char *name)
{
	return str_format("%s%s%s", dir, str_ends_with(dir, "/") ? "" : "/", name);
}

char *path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_strdup(".");
	return slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
}

char *path_with_extension(const char *path, const char *ext)
{
	const char *old = path_extension(path);

	return str_format("%.*s%s", (int)(old ? (size_t)(old - path) : strlen(path)), path, ext);
}

/* Takes the last component off; the root stays. */
static void remove_last(struct buf *buf)
{
	while (buf->len > 0 && buf->data[buf->len - 1] != '/')
		buf->len--;
	if (buf->len > 0)
		buf->len--;
	buf_reserve(buf, 0)[0] = '\0';
}

char *path_absolute(const char *path)
{
	struct buf out = BUF_INIT;
	autofree char *whole = NULL;

	if (path[0] == '/') {
		whole = mem_strdup(path);
	} else {
		char cwd[PATH_MAX];

		if (!getcwd(cwd, sizeof(cwd)))
			return mem_strdup(path);
		whole = path_join(cwd, path);
	}
	for (const char *at = whole; *at;) {
		size_t len;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (len == 2 && at[0] == '.' && at[1] == '.')
			remove_last(&out);
		else if (len && !(len == 1 && at[0] == '.'))
			buf_add_format(&out, "/%.*s", (int)len, at);
		at += len;
	}
	if (!out.len)
		buf_add_str(&out, "/");
	return buf_steal(&out);
}

static bool is_program(const char *file)
{
	struct stat st;

	return access(file, X_OK) == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode);
}

char *path_find_program(const char *name, const char *path_list,
			bool (*skip)(const char *dir, const char *file, void *context), void *context)
{
	const char *at = path_list ? path_list : getenv("PATH");

	while (at) {
		size_t len = strcspn(at, ":");
		autofree char *dir = len ? mem_strndup(at, len) : mem_strdup(".");
		char *file = path_join(dir, name);

		if (!(skip && skip(dir, file, context)) && is_program(file))
			return file;
		free(file);
		at = at[len] ? at + len + 1 : NULL;
	}
	return NULL;
}
