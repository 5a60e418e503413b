/* base/str.h - strings: tests, numbers, formatting, a growing byte buffer. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool str_starts_with(const char *text, const char *prefix);
bool str_ends_with(const char *text, const char *suffix);
bool str_equal(const char *a, const char *b);			/* NULL equals only NULL */

void str_copy(char *to, size_t size, const char *from);		/* cut to fit, always terminated */

/* A whole decimal number within min..max and nothing else; false leaves *value alone. */
bool str_to_int(const char *text, int64_t min, int64_t max, int64_t *value);
int str_hex_digit(char c);					/* 0..15, -1 for anything else */

char *str_format(const char *format, ...) __attribute__((format(printf, 1, 2)));	/* yours to free */

/* TEXT in single quotes with control characters, quotes and backslashes escaped, cut at 200
 * bytes: what log lines and messages show of foreign strings. Yours to free. */
char *str_quote(const char *text);

/* Bytes that grow. data is NUL-terminated after every call (len does not count the NUL). */
struct buf {
	char *data;
	size_t len;
	size_t capacity;
};
#define BUF_INIT { NULL, 0, 0 }

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_str(struct buf *buf, const char *text);
void buf_add_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_vformat(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
char *buf_reserve(struct buf *buf, size_t len);		/* room for len more bytes; add them with len += */
void buf_remove_front(struct buf *buf, size_t len);
void buf_clear(struct buf *buf);			/* keeps the memory */
void buf_release(struct buf *buf);
char *buf_steal(struct buf *buf);			/* yours to free; never NULL */
#define autobuf __attribute__((cleanup(buf_release))) struct buf

#endif
