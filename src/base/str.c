/* base/str.c - see str.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { QUOTE_MAX = 200 };

bool str_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

bool str_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

void str_copy(char *to, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memmove(to, from, len);
	to[len] = '\0';
}

bool str_to_int(const char *text, int64_t min, int64_t max, int64_t *value)
{
	char *end;
	long long number;

	/* strtoll alone would skip blanks and take a '+'. */
	if (!text || !(isdigit((unsigned char)text[0]) ||
		       (text[0] == '-' && isdigit((unsigned char)text[1]))))
		return false;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return false;
	*value = number;
	return true;
}

int str_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *str_format(const char *format, ...)
{
	struct buf buf = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_add_vformat(&buf, format, args);
	va_end(args);
	return buf_steal(&buf);
}

char *str_quote(const char *text)
{
	struct buf buf = BUF_INIT;
	size_t n = 0;

	buf_add_str(&buf, "'");
	for (; *text && n < QUOTE_MAX; text++, n++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			buf_add_format(&buf, "\\%03o", c);
		else if (c == '\'' || c == '\\')
			buf_add_format(&buf, "\\%c", c);
		else
			buf_add(&buf, text, 1);
	}
	buf_add_str(&buf, *text ? "'..." : "'");
	return buf_steal(&buf);
}

char *buf_reserve(struct buf *buf, size_t len)
{
	size_t wanted = buf->len + len + 1;

	if (wanted > buf->capacity) {
		size_t capacity = buf->capacity ? buf->capacity : 64;

		while (capacity < wanted)
			capacity += capacity / 2 + 64;
		buf->data = mem_resize(buf->data, capacity, 1);
		buf->capacity = capacity;
	}
	return buf->data + buf->len;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
	char *to = buf_reserve(buf, len);

	if (len)
		memcpy(to, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_add_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_vformat(struct buf *buf, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	if (len > 0) {
		vsnprintf(buf_reserve(buf, (size_t)len), (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
	buf_reserve(buf, 0)[0] = '\0';
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_add_vformat(buf, format, args);
	va_end(args);
}

void buf_remove_front(struct buf *buf, size_t len)
{
	if (!len)
		return;
	memmove(buf->data, buf->data + len, buf->len - len);
	buf->len -= len;
	buf->data[buf->len] = '\0';
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void buf_release(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf)BUF_INIT;
}

char *buf_steal(struct buf *buf)
{
	char *data;

	buf_reserve(buf, 0)[0] = '\0';
	data = buf->data;
	*buf = (struct buf)BUF_INIT;
	return data;
}
