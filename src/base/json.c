/* base/json.c - see json.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

/* Bytes of the UTF-8 character at text, 0 when there is none: overlong forms, surrogates and what
 * lies beyond Unicode are refused as readers refuse them. */
static size_t utf8_len(const unsigned char *text)
{
	size_t len = text[0] >= 0xf0 && text[0] <= 0xf4 ? 4 : text[0] >= 0xe0 && text[0] < 0xf0 ? 3 :
		     text[0] >= 0xc2 && text[0] < 0xe0 ? 2 : 0;

	for (size_t i = 1; i < len; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] >= 0xa0) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] >= 0x90))
		return 0;
	return len;
}

void json_add_string(struct buf *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)(text ? text : "");

	buf_add_str(out, "\"");
	while (*at) {
		size_t len = *at < 0x80 ? 1 : utf8_len(at);

		if (*at == '"' || *at == '\\')
			buf_add_format(out, "\\%c", *at);
		else if (*at < 0x20 || *at == 0x7f || !len)
			buf_add_format(out, "\\u%04x", *at);
		else
			buf_add(out, at, len);
		at += len ? len : 1;
	}
	buf_add_str(out, "\"");
}
