/* wire/lease.c - see lease.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/lease.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { KEY_MAX = 32 };

static const char token_names[LEASE_N_TOKENS][TOKEN_NAME_LEN + 1] = {
	[LEASE_GATE] = "GATE", [LEASE_WANT] = "WANT", [LEASE_REDY] = "REDY", [LEASE_RSLT] = "RSLT",
	[LEASE_SHOW] = "SHOW", [LEASE_NOTE] = "NOTE", [LEASE_HOPS] = "HOPS", [LEASE_GRNT] = "GRNT",
		[LEASE_DENY] = "DENY", [LEASE_WAIT] = "WAIT",
	[LEASE_TEXT] = "TEXT",
};

const char *lease_token_name(enum lease_token token)
{
	return token_names[token];
}

void lease_message_release(struct lease_message *message)
{
	free(message->text);
	*message = (struct lease_message)LEASE_MESSAGE_INIT;
}

static int token_of_name(const char *name)
{
	for (int i = 0; i < LEASE_N_TOKENS; i++)
		if (strcmp(token_names[i], name) == 0)
			return i;
	return -1;
}

/* In place: "%41" -> "A". False for a bad escape, a NUL in disguise, or a control character. */
static bool unescape(char *value)
{
	char *to = value;

	for (char *from = value; *from; from++) {
		if ((unsigned char)*from < 0x20 || *from == 0x7f)
			return false;
		if (*from == '%') {
			int high = str_hex_digit(from[1]), low = high < 0 ? -1 : str_hex_digit(from[2]);

			if (low < 0 || (high == 0 && low == 0))
				return false;
			*to++ = (char)(high * 16 + low);
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return true;
}

static bool key_is_good(const char *key)
{
	size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return len > 0 && len <= KEY_MAX && !key[len];
}

static int parse_pairs(struct lease_message *message, const char *name, struct err *err)
{
	char *at = message->text;

	if (memchr(message->text, 0, message->text_len))
		return err_set(err, ERR_PROTOCOL, "%s holds a NUL byte", name);
	while (*at) {
		char *end = strchr(at, '\n');
		char *sign = strchr(at, '=');

		if (!end || !sign || sign > end)
			return err_set(err, ERR_PROTOCOL, "%s has a line that is no key=value", name);
		*end = *sign = '\0';
		if (message->n_pairs == LEASE_PAIRS_MAX)
			return err_set(err, ERR_PROTOCOL, "%s has more than %d pairs", name, LEASE_PAIRS_MAX);
		if (!key_is_good(at) || !unescape(sign + 1))
			return err_set(err, ERR_PROTOCOL, "%s has a bad key or a bad escape", name);
		message->keys[message->n_pairs] = at;
		message->values[message->n_pairs++] = sign + 1;
		at = end + 1;
	}
	return 0;
}

int lease_decode(const char *in, size_t len, size_t *n_used, struct lease_message *message, struct err *err)
{
	struct lease_message decoded = LEASE_MESSAGE_INIT;
	char name[TOKEN_NAME_LEN + 1];
	uint32_t value;
	int token;

	if (len < TOKEN_LEN)
		return 0;
	if (token_decode_any(in, name, &value, err) < 0)
		return -1;
	token = token_of_name(name);
	if (token < 0)
		return err_set(err, ERR_PROTOCOL, "message %s is not known", name);
	decoded.token = (enum lease_token)token;
	if (token == LEASE_GATE) {
		decoded.version = value;
		*n_used = TOKEN_LEN;
		*message = decoded;
		return 1;
	}
	if (value > LEASE_PAYLOAD_MAX)
		return err_set(err, ERR_PROTOCOL, "%s of %u bytes, at most %d are possible", name,
			       value, LEASE_PAYLOAD_MAX);
	if (len - TOKEN_LEN < value)
		return 0;
	decoded.text = mem_alloc(value + 1);
	decoded.text_len = value;
	memcpy(decoded.text, in + TOKEN_LEN, value);
	if (token != LEASE_TEXT && parse_pairs(&decoded, name, err) < 0) {
		lease_message_release(&decoded);
		return -1;
	}
	*n_used = TOKEN_LEN + value;
	*message = decoded;
	return 1;
}

const char *lease_get(const struct lease_message *message, const char *key)
{
	for (size_t i = 0; i < message->n_pairs; i++)
		if (strcmp(message->keys[i], key) == 0)
			return message->values[i];
	return NULL;
}

int64_t lease_get_int(const struct lease_message *message, const char *key, int64_t default_value)
{
	int64_t value;

	return str_to_int(lease_get(message, key), INT64_MIN, INT64_MAX, &value) ? value : default_value;
}

bool lease_has_word(const struct lease_message *message, const char *key, const char *word)
{
	const char *at = lease_get(message, key);
	size_t word_len = strlen(word);

	while (at && *at) {
		size_t len = strcspn(at, ",");

		if (len == word_len && memcmp(at, word, len) == 0)
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

void lease_greet(struct buf *out)
{
	token_encode(buf_reserve(out, TOKEN_LEN), token_names[LEASE_GATE], LEASE_VERSION);
	out->len += TOKEN_LEN;
}

void lease_begin(struct lease_writer *writer, struct buf *out, enum lease_token token)
{
	*writer = (struct lease_writer){ out, out->len };
	token_encode(buf_reserve(out, TOKEN_LEN), token_names[token], 0);
	out->len += TOKEN_LEN;
}

void lease_add(struct lease_writer *writer, const char *key, const char *value)
{
	struct buf *out = writer->out;

	if (!value || !*value)
		return;
	buf_add_format(out, "%s=", key);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c < 0x20 || c == 0x7f || c == '%')
			buf_add_format(out, "%%%02x", c);
		else
			buf_add(out, value, 1);
	}
	buf_add(out, "\n", 1);
}

void lease_add_int(struct lease_writer *writer, const char *key, int64_t value)
{
	buf_add_format(writer->out, "%s=%lld\n", key, (long long)value);
}

void lease_end(struct lease_writer *writer)
{
	char *token = writer->out->data + writer->start;
	char name[TOKEN_NAME_LEN + 1];

	memcpy(name, token, TOKEN_NAME_LEN);
	name[TOKEN_NAME_LEN] = '\0';
	token_encode(token, name, (uint32_t)(writer->out->len - writer->start - TOKEN_LEN));
}

void lease_text(struct buf *out, const char *text, size_t len)
{
	token_encode(buf_reserve(out, TOKEN_LEN + len), token_names[LEASE_TEXT], (uint32_t)len);
	out->len += TOKEN_LEN;
	buf_add(out, text, len);
}
