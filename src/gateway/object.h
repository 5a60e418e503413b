/*
 * gateway/object.h - does the object in an answer begin as its client expects? Pure.
 *
 * Which machine a server's compiler makes objects for shows in their first bytes. A client that knows what
 * they must be says so as a pattern: two hexadecimal digits for each byte, ".." for one that may be any.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_OBJECT_H
#define GATEWAY_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

enum { OBJECT_PATTERN_MAX = 64 };

/* What has come of an object, as it came: compressed, perhaps. */
struct object_head {
	size_t n;
	char bytes[1024];		/* a compressed object's first bytes are in these, as a rule */
};

/* One of the kind above; others are ignored. */
bool object_is_pattern(const char *text);

void object_head_add(struct object_head *head, const char *bytes, size_t len);

/* True if it is certainly another. What is too short for the pattern, or missing, may be anything. */
bool object_is_other(const struct object_head *head, bool is_compressed, const char *pattern);

#endif
