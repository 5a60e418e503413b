/*
 * gateway/subuid.h - whose jobs are whose: ids that were lent to a user (subuid(5)) are that user. The
 * kernel shows a peer in a user namespace under such an id, so without this one user is many.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_SUBUID_H
#define GATEWAY_SUBUID_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct subuid_range {
	uid_t first, last, owner;
};

struct subuids {
	struct subuid_range *ranges;
	size_t n;
};
#define SUBUIDS_INIT { NULL, 0 }

/* Adds "OWNER:FIRST:COUNT" lines, where OWNER is a name or a number; find says which number a name has.
 * Others are passed over, as login programs do, and so are ranges with the superuser in them. */
void subuids_parse(struct subuids *subuids, const char *text, bool (*find)(const char *name, uid_t *uid));
/* The same from a file; one that cannot be read is empty. */
void subuids_load(struct subuids *subuids, const char *path);
void subuids_release(struct subuids *subuids);

/* The user that is charged. */
uid_t subuids_owner(const struct subuids *subuids, uid_t uid);

#endif
