/*
 * include_server/memo.h - whole answers, and the facts that they rest on.
 *
 * The same command again costs one look at each fact and nothing else. An answer that rests on
 * anything that may have changed unseen is not remembered.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_MEMO_H
#define INCLUDE_SERVER_MEMO_H

#include <stddef.h>
#include <stdint.h>

#include "include_server/world.h"

enum { MEMO_BUCKETS = 4096, MEMOS_MAX = 4096 };

struct memo {
	struct memo *next;
	int n_users;			/* under the world's lock */
	uint32_t hash;
	size_t key_len;
	char *key;			/* working directory and command */
	size_t n_facts, n_names;
	const struct observation **facts;
	const char **names;		/* what is replied */
	_Atomic uint64_t held_in;	/* all facts hold in this generation (watch.h), */
	_Atomic int64_t until_ms;	/* ...but those that nobody watches are due then */
};

/* Borrowed until memo_give_back(); NULL when there is none. Its facts have not been checked. */
struct memo *memo_borrow(struct world *world, const char *key, size_t key_len);
void memo_give_back(struct world *world, struct memo *memo);
/* Replaces what was remembered under this key. */
void memo_keep(struct world *world, const char *key, size_t key_len,
	       const struct observation *const *facts, size_t n_facts, const char *const *names,
	       size_t n_names);
void memos_free(struct world *world);

#endif
