/* include_server/symbol.h - each identifier once, with a small number that arrays are indexed by. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_SYMBOL_H
#define INCLUDE_SERVER_SYMBOL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "include_server/arena.h"

/* Names with a meaning of their own for the preprocessor. */
enum symbol_role {
	ROLE_NONE,
	ROLE_DEFINED, ROLE_HAS_INCLUDE, ROLE_HAS_INCLUDE_NEXT,
	ROLE_HAS_SOMETHING,		/* __has_attribute and its like: only the compiler knows */
	ROLE_LINE, ROLE_FILE, ROLE_LEVEL,
	ROLE_UNKNOWABLE,		/* __COUNTER__, __TIME__ ... */
	ROLE_PRAGMA,			/* _Pragma */
	ROLE_VA_OPT, ROLE_VA_ARGS
};

struct symbol {
	uint32_t id;
	uint32_t hash;
	uint32_t len;
	enum symbol_role role;
	struct symbol *next;
	char name[];
};

struct symbols {
	pthread_mutex_t lock;
	struct arena arena;
	struct symbol **buckets;
	size_t n_buckets;
	uint32_t n;
};

void symbols_init(struct symbols *symbols);
void symbols_release(struct symbols *symbols);
/* The one symbol of that name; any thread. */
struct symbol *symbol_get(struct symbols *symbols, const char *name, size_t len);

/* FNV-1a, for every table here. */
uint32_t hash_bytes(uint32_t seed, const char *bytes, size_t len);
enum { HASH_SEED = 0x811c9dc5 };

#endif
