/* wire/request.c - see request.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/version.h"

static void add_token(struct buf *out, const char *name, uint32_t value)
{
	char token[TOKEN_LEN];

	token_encode(token, name, value);
	buf_add(out, token, TOKEN_LEN);
}

static void add_word(struct buf *out, const char *name, const char *word)
{
	add_token(out, name, (uint32_t)strlen(word));
	buf_add_str(out, word);
}

void request_encode_head(struct buf *out, uint32_t version, const char *cdir, const struct argv *argv)
{
	add_token(out, "DIST", version);
	if (cdir)
		add_word(out, "CDIR", cdir);
	add_token(out, "ARGC", (uint32_t)argv->n);
	for (size_t i = 0; i < argv->n; i++)
		add_word(out, "ARGV", argv->words[i]);
}

int request_encode_token(struct buf *out, const char *name, uint64_t len, struct err *err)
{
	if (len > UINT32_MAX)
		return err_set(err, ERR_IO, "%llu bytes are too many for the protocol",
			       (unsigned long long)len);
	add_token(out, name, (uint32_t)len);
	return 0;
}

void request_init(struct request *request, const struct walk_limits *limits)
{
	*request = (struct request){ .argv = ARGV_INIT, .source = BUF_INIT, .word = BUF_INIT, .body = BUF_INIT };
	walk_request_init(&request->walk, limits);
}

void request_release(struct request *request)
{
	argv_release(&request->argv);
	buf_release(&request->source);
	buf_release(&request->word);
	buf_release(&request->body);
	free(request->cdir);
	free(request->name);
	request->cdir = request->name = NULL;
}

/* A word that is whole: what it is for depends on its token. */
static int take_word(struct request *request, enum walk_token token, struct err *err)
{
	const char *word = request->word.len ? request->word.data : "";
	int result = 0;

	if (token == WALK_ARGV) {
		argv_add(&request->argv, word);
	} else if (token == WALK_CDIR) {
		request->cdir = mem_strdup(word);
		result = request->files->dir(request->files->context, word, err);
	} else if (token == WALK_NAME) {
		free(request->name);
		request->name = mem_strdup(word);
	} else {
		result = request->files->link(request->files->context, request->name, word, err);
	}
	buf_clear(&request->word);
	return result;
}

static int take_file(struct request *request, struct err *err)
{
	int result = request->files->file(request->files->context, request->name, &request->body, err);

	/* one large file must not stay with us for the rest of the job */
	buf_release(&request->body);
	return result;
}

static int take(void *context, const struct walk_event *event, struct err *err)
{
	struct request *request = context;
	bool is_whole = event->kind == WALK_BODY ? event->last : !event->has_body;

	if (event->kind == WALK_TOKEN && event->token == WALK_DIST) {
		request->version = event->value;
		if (event->value == PROTOCOL_PUMP && !request->files)
			return err_set(err, ERR_PROTOCOL, "protocol version 3 is not served here");
	}
	switch (event->token) {
	case WALK_ARGV:
	case WALK_CDIR:
	case WALK_NAME:
	case WALK_LINK:
		/* Bytes are kept as they come: an announced length alone costs nothing. */
		if (event->kind == WALK_BODY)
			buf_add(&request->word, event->data, event->len);
		return is_whole ? take_word(request, event->token, err) : 0;
	case WALK_FILE:
		if (event->kind == WALK_BODY)
			buf_add(&request->body, event->data, event->len);
		return is_whole ? take_file(request, err) : 0;
	case WALK_DOTI:
		if (event->kind == WALK_BODY)
			buf_add(&request->source, event->data, event->len);
		return 0;
	default:
		return 0;
	}
}

int request_feed(struct request *request, const char *in, size_t len, size_t *n_used, struct err *err)
{
	return walk_feed(&request->walk, in, len, n_used, take, request, err);
}
