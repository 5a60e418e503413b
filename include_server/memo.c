/* include_server/memo.c - see memo.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "include_server/memo.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The lock is held. */
static struct memo **place_of(struct world *world, const char *key, size_t key_len, uint32_t hash)
{
	struct memo **at = &world->memos[hash % MEMO_BUCKETS];

	while (*at && ((*at)->hash != hash || (*at)->key_len != key_len ||
		       memcmp((*at)->key, key, key_len) != 0))
		at = &(*at)->next;
	return at;
}

static void release(struct memo *memo)
{
	if (--memo->n_users > 0)
		return;
	free(memo->key);
	free(memo->facts);
	free(memo->names);
	free(memo);
}

static size_t bytes_of(const struct memo *memo)
{
	return sizeof(*memo) + memo->key_len + (memo->n_facts + memo->n_names) * sizeof(void *);
}

/* Takes it out of the table. */
static void forget(struct world *world, struct memo **at)
{
	struct memo *memo = *at;

	*at = memo->next;
	world->n_memos--;
	world->file_bytes -= bytes_of(memo);
	release(memo);
}

struct memo *memo_borrow(struct world *world, const char *key, size_t key_len)
{
	struct memo *memo;

	pthread_mutex_lock(&world->lock);
	memo = *place_of(world, key, key_len, hash_bytes(HASH_SEED, key, key_len));
	if (memo)
		memo->n_users++;
	pthread_mutex_unlock(&world->lock);
	return memo;
}

void memo_give_back(struct world *world, struct memo *memo)
{
	pthread_mutex_lock(&world->lock);
	release(memo);
	pthread_mutex_unlock(&world->lock);
}

void memo_keep(struct world *world, const char *key, size_t key_len,
	       const struct observation *const *facts, size_t n_facts, const char *const *names,
	       size_t n_names)
{
	struct memo *memo = mem_alloc(sizeof(*memo));
	struct memo **at;

	memo->n_users = 1;
	memo->hash = hash_bytes(HASH_SEED, key, key_len);
	memo->key = mem_copy(key, key_len);
	memo->key_len = key_len;
	memo->facts = mem_copy(facts, n_facts * sizeof(*facts));
	memo->n_facts = n_facts;
	memo->names = mem_copy(names, n_names * sizeof(*names));
	memo->n_names = n_names;
	pthread_mutex_lock(&world->lock);
	at = place_of(world, key, key_len, memo->hash);
	if (*at)
		forget(world, at);
	/* Full: one bucket after the other makes room. */
	while (world->n_memos >= MEMOS_MAX) {
		struct memo **bucket = &world->memos[world->next_memo++ % MEMO_BUCKETS];

		while (*bucket)
			forget(world, bucket);
	}
	at = &world->memos[memo->hash % MEMO_BUCKETS];
	memo->next = *at;
	*at = memo;
	world->n_memos++;
	world->file_bytes += bytes_of(memo);
	pthread_mutex_unlock(&world->lock);
}

void memos_free(struct world *world)
{
	for (size_t i = 0; i < MEMO_BUCKETS; i++)
		while (world->memos[i])
			forget(world, &world->memos[i]);
}
