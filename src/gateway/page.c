/* gateway/page.c - see page.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/page.h"

#include <string.h>

#include "base/str.h"

const struct page_file *page_find(const char *path)
{
	const char *name = strcmp(path, "/") == 0 ? "index.html" : path + 1;

	for (const struct page_file *file = page_files; file->name; file++)
		if (strcmp(file->name, name) == 0)
			return file;
	return NULL;
}

const char *page_type(const struct page_file *file)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" }, { ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" }, { ".svg", "image/svg+xml" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_ends_with(file->name, types[i].suffix))
			return types[i].type;
	return "application/octet-stream";
}
