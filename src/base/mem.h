/* base/mem.h - memory whose size we computed: running out ends the program with status 105. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);				/* never NULL, zeroed */
void *mem_array(size_t n, size_t size);			/* zeroed; overflow of n * size ends the program */
void *mem_resize(void *old, size_t n, size_t size);	/* new part not zeroed */
void *mem_copy(const void *from, size_t size);
char *mem_strdup(const char *text);			/* NULL gives NULL */
char *mem_strndup(const char *text, size_t max_len);

/* For `autofree char *p`: frees what p points to when p leaves its scope. */
void mem_autofree(void *pointer_to_pointer);
#define autofree __attribute__((cleanup(mem_autofree)))

/* Takes the value out of an autofree variable, leaving NULL. */
void *mem_steal(void *pointer_to_pointer);

/* For a process that lives long: what is freed goes back to the system, however large it was. (glibc keeps blocks
 * of up to 32 MiB once it has seen their like.) */
void mem_keep_little(void);

#endif
