/* gateway/page.h - the files of src/gateway/page/, in the program. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_PAGE_H
#define GATEWAY_PAGE_H

#include <stddef.h>

struct page_file {
	const char *name;		/* "index.html" */
	const unsigned char *bytes;
	size_t len;
};

/* Made by the Makefile; ends with a row without a name. */
extern const struct page_file page_files[];

/* path: as in the request; "/" is index.html. NULL when there is none. */
const struct page_file *page_find(const char *path);
const char *page_type(const struct page_file *file);

#endif
