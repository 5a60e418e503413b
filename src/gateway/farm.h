/*
 * gateway/farm.h - the host list in force: what its source says, and what an administrator has
 * changed since. The parent holds it; what has passed farm_check() here is good for the loop, too.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_FARM_H
#define GATEWAY_FARM_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "gateway/options.h"
#include "hosts/list.h"

enum { FARM_NAME_MAX = 256 };

struct farm {
	const struct options *options;
	struct host_list list;
	struct host_list source;	/* as it was read; the list is that and the administrator's changes */
	uint32_t generation;		/* counts up with every change */
	char name[FARM_NAME_MAX];	/* where the list came from */
};
#define FARM_INIT(the_options) { the_options, HOST_LIST_INIT, HOST_LIST_INIT, 0, "" }
void farm_release(struct farm *farm);

/* Reads the source: --hosts, else DISTCC_GATEWAY_HOSTS, else the files in SYSCONFDIR. What was
 * added, drained or removed is forgotten. A bad list leaves everything as it was: ERR_HOSTSPEC
 * or ERR_IO, with the source's name in the sentence. */
int farm_load(struct farm *farm, struct err *err);

/* Each changes the list or leaves it alone and says why. HOST is an entry; for drain and remove its
 * text, "NAME:PORT" or the name alone will do, and all that match are meant. */
/* replaces an entry for the same server */
int farm_add(struct farm *farm, const char *host, struct err *err);
int farm_drain(struct farm *farm, const char *host, struct err *err);	/* stays listed, gets no more jobs */
int farm_remove(struct farm *farm, const char *host, struct err *err);

/*
 * What administrators have changed since the list was read, for a gateway that takes our place:
 * lines of a word and a host, such as "add b/2", "drain a:3632", "remove c:3632". Returns how many.
 */
size_t farm_format_changes(const struct farm *farm, struct buf *out);
/* The same changes to a list that was just read. One that cannot be made (its host is in the list no more) is
 * logged and left out. Returns how many were made. */
size_t farm_apply_changes(struct farm *farm, const char *changes);

/* Is it a list that a gateway can work with? No loop into itself, nothing unsupported, some server. */
int farm_check(const struct host_list *list, const struct options *options, struct err *err);

/* The list as text that host_list_parse() makes the same list of, entry by entry. */
void farm_format(const struct farm *farm, struct buf *out);

#endif
