/* include_server/symbol.c - see symbol.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/symbol.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_BUCKETS = 16384 };

static const struct {
	const char *name;
	enum symbol_role role;
} roles[] = {
	{ "defined", ROLE_DEFINED },
	{ "__has_include", ROLE_HAS_INCLUDE },
	{ "__has_include_next", ROLE_HAS_INCLUDE_NEXT },
	{ "__has_include__", ROLE_HAS_INCLUDE },
	{ "__has_include_next__", ROLE_HAS_INCLUDE_NEXT },
	{ "__has_attribute", ROLE_HAS_SOMETHING },
	{ "__has_cpp_attribute", ROLE_HAS_SOMETHING },
	{ "__has_c_attribute", ROLE_HAS_SOMETHING },
	{ "__has_declspec_attribute", ROLE_HAS_SOMETHING },
	{ "__has_builtin", ROLE_HAS_SOMETHING },
	{ "__has_constexpr_builtin", ROLE_HAS_SOMETHING },
	{ "__has_feature", ROLE_HAS_SOMETHING },
	{ "__has_extension", ROLE_HAS_SOMETHING },
	{ "__has_warning", ROLE_HAS_SOMETHING },
	{ "__is_identifier", ROLE_HAS_SOMETHING },
	{ "__building_module", ROLE_HAS_SOMETHING },
	{ "__LINE__", ROLE_LINE },
	{ "__FILE__", ROLE_FILE },
	{ "__INCLUDE_LEVEL__", ROLE_LEVEL },
	{ "__COUNTER__", ROLE_UNKNOWABLE },
	{ "__DATE__", ROLE_UNKNOWABLE },
	{ "__TIME__", ROLE_UNKNOWABLE },
	{ "__TIMESTAMP__", ROLE_UNKNOWABLE },
	{ "__has_embed", ROLE_UNKNOWABLE },
	{ "_Pragma", ROLE_PRAGMA },
	{ "__VA_OPT__", ROLE_VA_OPT },
	{ "__VA_ARGS__", ROLE_VA_ARGS },
};

uint32_t hash_bytes(uint32_t seed, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		seed = (seed ^ (unsigned char)bytes[i]) * 0x01000193;
	return seed;
}

static void grow(struct symbols *symbols)
{
	size_t n = symbols->n_buckets * 2;
	struct symbol **buckets = mem_array(n, sizeof(struct symbol *));

	for (size_t i = 0; i < symbols->n_buckets; i++) {
		struct symbol *next;

		for (struct symbol *symbol = symbols->buckets[i]; symbol; symbol = next) {
			next = symbol->next;
			symbol->next = buckets[symbol->hash & (n - 1)];
			buckets[symbol->hash & (n - 1)] = symbol;
		}
	}
	free(symbols->buckets);
	symbols->buckets = buckets;
	symbols->n_buckets = n;
}

struct symbol *symbol_get(struct symbols *symbols, const char *name, size_t len)
{
	uint32_t hash = hash_bytes(HASH_SEED, name, len);
	struct symbol *symbol;

	pthread_mutex_lock(&symbols->lock);
	for (symbol = symbols->buckets[hash & (symbols->n_buckets - 1)]; symbol; symbol = symbol->next)
		if (symbol->hash == hash && symbol->len == len && memcmp(symbol->name, name, len) == 0)
			break;
	if (!symbol) {
		if (symbols->n >= symbols->n_buckets)
			grow(symbols);
		symbol = arena_alloc(&symbols->arena, sizeof(*symbol) + len + 1);
		symbol->id = symbols->n++;
		symbol->hash = hash;
		symbol->len = (uint32_t)len;
		memcpy(symbol->name, name, len);
		symbol->next = symbols->buckets[hash & (symbols->n_buckets - 1)];
		symbols->buckets[hash & (symbols->n_buckets - 1)] = symbol;
	}
	pthread_mutex_unlock(&symbols->lock);
	return symbol;
}

void symbols_init(struct symbols *symbols)
{
	*symbols = (struct symbols){ .arena = ARENA_INIT, .n_buckets = FIRST_BUCKETS };
	pthread_mutex_init(&symbols->lock, NULL);
	symbols->buckets = mem_array(FIRST_BUCKETS, sizeof(struct symbol *));
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		symbol_get(symbols, roles[i].name, strlen(roles[i].name))->role = roles[i].role;
}

void symbols_release(struct symbols *symbols)
{
	arena_release(&symbols->arena);
	free(symbols->buckets);
	pthread_mutex_destroy(&symbols->lock);
}
