/* compiler/object.h - which machine an object file is for. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMPILER_OBJECT_H
#define COMPILER_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

/* What the first bytes of an ELF file say. */
struct object_kind {
	int elf_class;		/* 1: 32 bits, 2: 64 bits */
	int data;		/* 1: little endian, 2: big endian */
	int machine;		/* EM_X86_64 = 62, ... */
};

enum { OBJECT_HEAD_LEN = 20 };	/* bytes that must be there */

/* False when it is no ELF file. */
bool object_kind_read(struct object_kind *kind, const void *bytes, size_t len);

enum { OBJECT_KIND_TEXT_MAX = 2 * OBJECT_HEAD_LEN + 1 };

/* The bytes of such a file's beginning: two hexadecimal digits for each, ".." for one that may be any. */
void object_kind_format(const struct object_kind *kind, char out[OBJECT_KIND_TEXT_MAX]);

bool object_kind_equal(const struct object_kind *a, const struct object_kind *b);

#endif
