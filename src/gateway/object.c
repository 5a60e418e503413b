/* gateway/object.c - see object.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gateway/object.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "wire/compress.h"

enum { EXPANDED_MAX = 4096 };

static const char digits[] = "0123456789abcdef";

static bool is_byte(const char *at)
{
	return (at[0] == '.' && at[1] == '.') ||
	       (at[0] && at[1] && strchr(digits, at[0]) && strchr(digits, at[1]));
}

bool object_is_pattern(const char *text)
{
	size_t len = strlen(text);

	if (!len || len > OBJECT_PATTERN_MAX || len % 2)
		return false;
	for (size_t at = 0; at < len; at += 2)
		if (!is_byte(text + at))
			return false;
	return true;
}

void object_head_add(struct object_head *head, const char *bytes, size_t len)
{
	size_t room = sizeof(head->bytes) - head->n, n = len < room ? len : room;

	memcpy(head->bytes + head->n, bytes, n);
	head->n += n;
}

static bool begins_like(const unsigned char *bytes, size_t len, const char *pattern)
{
	for (size_t i = 0; i < len && pattern[2 * i]; i++)
		if (pattern[2 * i] != '.' &&
		    (digits[bytes[i] >> 4] != pattern[2 * i] || digits[bytes[i] & 15] != pattern[2 * i + 1]))
			return false;
	return true;
}

bool object_is_other(const struct object_head *head, bool is_compressed, const char *pattern)
{
	unsigned char expanded[EXPANDED_MAX];
	size_t n;

	if (!is_compressed)
		return !begins_like((const unsigned char *)head->bytes, head->n, pattern);
	n = lzo_expand_head(expanded, sizeof(expanded), head->bytes, head->n);
	return !begins_like(expanded, n, pattern);
}
