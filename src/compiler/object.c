/* compiler/object.c - see object.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/object.h"

#include <stdio.h>
#include <string.h>

enum { BIG_ENDIAN_DATA = 2, AT_CLASS = 4, AT_DATA = 5, AT_MACHINE = 18 };

bool object_kind_read(struct object_kind *kind, const void *bytes, size_t len)
{
	const unsigned char *head = bytes;
	int low, high;

	if (len < OBJECT_HEAD_LEN || memcmp(head, "\177ELF", 4) != 0)
		return false;
	low = head[AT_MACHINE];
	high = head[AT_MACHINE + 1];
	kind->elf_class = head[AT_CLASS];
	kind->data = head[AT_DATA];
	kind->machine = kind->data == BIG_ENDIAN_DATA ? low << 8 | high : high << 8 | low;
	return true;
}

bool object_kind_equal(const struct object_kind *a, const struct object_kind *b)
{
	return a->elf_class == b->elf_class && a->data == b->data && a->machine == b->machine;
}

void object_kind_format(const struct object_kind *kind, char out[OBJECT_KIND_TEXT_MAX])
{
	bool is_big = kind->data == BIG_ENDIAN_DATA;
	unsigned first = (unsigned)(is_big ? kind->machine >> 8 : kind->machine) & 255;
	unsigned second = (unsigned)(is_big ? kind->machine : kind->machine >> 8) & 255;

	snprintf(out, OBJECT_KIND_TEXT_MAX, "7f454c46%02x%02x........................%02x%02x",
		 (unsigned)kind->elf_class & 255,
		 (unsigned)kind->data & 255, first, second);
}
