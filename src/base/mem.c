/* base/mem.c - see mem.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mem.h"

#include <stdint.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

static _Noreturn void out_of_memory(void)
{
	static const char text[] = "out of memory\n";

	if (write(2, text, sizeof(text) - 1) < 0)
		_exit(ERR_MEMORY);
	_exit(ERR_MEMORY);
}

void *mem_alloc(size_t size)
{
	return mem_array(1, size);
}

void *mem_array(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *mem_resize(void *old, size_t n, size_t size)
{
	void *p;

	if (size && n > SIZE_MAX / size)
		out_of_memory();
	p = realloc(old, n > 0 && size > 0 ? n * size : 1);
	if (!p)
		out_of_memory();
	return p;
}

void *mem_copy(const void *from, size_t size)
{
	void *p = mem_alloc(size);

	if (size)
		memcpy(p, from, size);
	return p;
}

char *mem_strdup(const char *text)
{
	return text ? mem_copy(text, strlen(text) + 1) : NULL;
}

char *mem_strndup(const char *text, size_t max_len)
{
	size_t len = strnlen(text, max_len);
	char *copy = mem_alloc(len + 1);

	memcpy(copy, text, len);
	return copy;
}

void mem_autofree(void *pointer_to_pointer)
{
	void *p;

	memcpy(&p, pointer_to_pointer, sizeof(p));
	free(p);
}

void *mem_steal(void *pointer_to_pointer)
{
	void *p, *null = NULL;

	memcpy(&p, pointer_to_pointer, sizeof(p));
	memcpy(pointer_to_pointer, &null, sizeof(null));
	return p;
}

void mem_keep_little(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
	mallopt(M_TRIM_THRESHOLD, 256 << 10);
#endif
}
