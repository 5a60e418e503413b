/* compiler/object.c - see object.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/object.h"

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
