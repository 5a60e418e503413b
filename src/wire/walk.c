/*
 * wire/walk.c - see walk.h. Which token carries what is data (`tokens`); advance() is the order, by what
 * counts down (words, files) and by version and status.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/walk.h"

#include <string.h>

#include "wire/version.h"

const struct walk_limits walk_limits_default = {
	.argc_max = 65536,		/* the longest command line we have met has 9000 */
	.word_max = 131072,		/* Linux executes no longer argument */
	.words_total_max = 8 << 20,
	.bulk_max = 1U << 30,
	.total_max = (uint64_t)4 << 30,
	.files_max = 100000,
};

enum body { BODY_NONE, BODY_WORD, BODY_BULK };

static const struct {
	const char name[TOKEN_NAME_LEN + 1];
	enum body body;
} tokens[WALK_N_TOKENS] = {
	[WALK_DIST] = { "DIST", BODY_NONE }, [WALK_CDIR] = { "CDIR", BODY_WORD }, [WALK_ARGC] = { "ARGC", BODY_NONE },
	[WALK_ARGV] = { "ARGV", BODY_WORD }, [WALK_DOTI] = { "DOTI", BODY_BULK }, [WALK_NFIL] = { "NFIL", BODY_NONE },
	[WALK_NAME] = { "NAME", BODY_WORD }, [WALK_FILE] = { "FILE", BODY_BULK }, [WALK_LINK] = { "LINK", BODY_WORD },
	[WALK_DONE] = { "DONE", BODY_NONE }, [WALK_STAT] = { "STAT", BODY_NONE }, [WALK_SERR] = { "SERR", BODY_BULK },
	[WALK_SOUT] = { "SOUT", BODY_BULK }, [WALK_DOTO] = { "DOTO", BODY_BULK }, [WALK_DOTD] = { "DOTD", BODY_BULK },
};

const char *walk_token_name(enum walk_token token)
{
	return tokens[token].name;
}

void walk_request_init(struct walk *walk, const struct walk_limits *limits)
{
	*walk = (struct walk){ .limits = limits, .expected = WALK_DIST };
}

void walk_reply_init(struct walk *walk, uint32_t version, const struct walk_limits *limits)
{
	*walk = (struct walk){ .limits = limits, .expected = WALK_DONE, .is_reply = true, .version = version };
}

/* What comes after `current` with its body; sets ended after the last token. */
static void advance(struct walk *walk)
{
	switch (walk->current) {
	case WALK_DIST:
		walk->expected = walk->version == PROTOCOL_PUMP ? WALK_CDIR : WALK_ARGC;
		break;
	case WALK_CDIR:
		walk->expected = WALK_ARGC;
		break;
	case WALK_ARGC:
	case WALK_ARGV:
		if (walk->argc_left)
			walk->expected = WALK_ARGV;
		else
			walk->expected = walk->version == PROTOCOL_PUMP ? WALK_NFIL : WALK_DOTI;
		break;
	case WALK_NAME:
		walk->expected = WALK_FILE;		/* or LINK: see match() */
		break;
	case WALK_NFIL:
	case WALK_FILE:
	case WALK_LINK:
		walk->expected = WALK_NAME;
		walk->ended = !walk->files_left;
		break;
	case WALK_DONE:
		walk->expected = WALK_STAT;
		break;
	case WALK_STAT:
		walk->expected = WALK_SERR;
		break;
	case WALK_SERR:
		walk->expected = WALK_SOUT;
		break;
	case WALK_SOUT:
		walk->expected = WALK_DOTO;
		break;
	case WALK_DOTO:
		walk->expected = WALK_DOTD;
		walk->ended = !(walk->version == PROTOCOL_PUMP && walk->status == 0);
		break;
	case WALK_DOTI:
	case WALK_DOTD:
	case WALK_N_TOKENS:
		walk->ended = true;
		break;
	}
}

/* The one place with an alternative: after NAME comes FILE or LINK. */
static int match(struct walk *walk, uint32_t *value, struct err *err)
{
	walk->current = walk->expected;
	if (walk->expected == WALK_FILE && memcmp(walk->partial, tokens[WALK_LINK].name, TOKEN_NAME_LEN) == 0)
		walk->current = WALK_LINK;
	return token_decode(walk->partial, tokens[walk->current].name, value, err);
}

static int check_length(struct walk *walk, uint32_t value, struct err *err)
{
	const char *name = tokens[walk->current].name;

	if (tokens[walk->current].body == BODY_WORD) {
		walk->words_total += value;
		if (value > walk->limits->word_max || walk->words_total > walk->limits->words_total_max)
			return err_set(err, ERR_PROTOCOL, "%s of %u bytes is over the limit", name, value);
	} else if (tokens[walk->current].body == BODY_BULK) {
		if (value > walk->limits->bulk_max || walk->total + value > walk->limits->total_max)
			return err_set(err, ERR_PROTOCOL, "%s of %u bytes is over the limit", name, value);
		if (walk->current == WALK_DOTO && walk->status != 0 && value)
			return err_set(err, ERR_PROTOCOL,
				       "status %u came with an object of %u bytes", walk->status, value);
	}
	return 0;
}

/* Checks the value of a token that carries no body, and remembers what later tokens depend on. */
static int take_value(struct walk *walk, uint32_t value, struct err *err)
{
	switch (walk->current) {
	case WALK_DIST:
		if (!protocol_is_known(value))
			return err_set(err, ERR_PROTOCOL, "protocol version %u is not known", value);
		walk->version = value;
		break;
	case WALK_DONE:
		if (value != walk->version)
			return err_set(err, ERR_PROTOCOL, "got version %u not %u in the reply",
				       value, walk->version);
		break;
	case WALK_ARGC:
		if (value == 0 || value > walk->limits->argc_max)
			return err_set(err, ERR_PROTOCOL, "a command of %u words", value);
		walk->argc_left = value;
		break;
	case WALK_ARGV:
		walk->argc_left--;
		break;
	case WALK_NFIL:
		if (value > walk->limits->files_max)
			return err_set(err, ERR_PROTOCOL, "%u files are over the limit", value);
		walk->files_left = value;
		break;
	case WALK_FILE:
	case WALK_LINK:
		walk->files_left--;
		break;
	case WALK_STAT:
		walk->status = value;
		break;
	default:
		break;
	}
	return check_length(walk, value, err);
}

static int take_token(struct walk *walk, struct walk_event *event, struct err *err)
{
	uint32_t value = 0;

	walk->n_partial = 0;
	if (match(walk, &value, err) < 0 || take_value(walk, value, err) < 0)
		return -1;
	*event = (struct walk_event){ .kind = WALK_TOKEN, .token = walk->current, .value = value };
	if (tokens[walk->current].body != BODY_NONE)
		walk->body_left = value;
	event->has_body = walk->body_left > 0;
	if (!event->has_body)
		advance(walk);
	return 0;
}

static int take_body(struct walk *walk, const char *in, size_t len, struct walk_event *event, struct err *err)
{
	size_t n = len < walk->body_left ? len : walk->body_left;

	/* Stock holds words as C strings: a NUL would make two readers see two different commands. */
	if (tokens[walk->current].body == BODY_WORD && memchr(in, 0, n))
		return err_set(err, ERR_PROTOCOL, "%s holds a NUL byte", tokens[walk->current].name);
	walk->body_left -= (uint32_t)n;
	*event = (struct walk_event){ .kind = WALK_BODY, .token = walk->current, .data = in, .len = n,
				      .has_body = true, .last = walk->body_left == 0 };
	if (event->last)
		advance(walk);
	return (int)n;
}

ssize_t walk_step(struct walk *walk, const char *in, size_t len, struct walk_event *event, struct err *err)
{
	size_t n;

	if (walk->failed)
		return err_set(err, ERR_PROTOCOL, "the stream is out of step");
	*event = (struct walk_event){ .kind = walk->ended ? WALK_END : WALK_MORE };
	if (walk->ended || !len)
		return 0;
	walk->started = true;
	if (walk->body_left) {
		/* len fits: a body is at most 4 GiB, a piece at most INT32_MAX */
		int taken = take_body(walk, in, len > 1U << 30 ? 1U << 30 : len, event, err);

		walk->failed = taken < 0;
		if (taken > 0)
			walk->total += (size_t)taken;
		return taken;
	}
	n = TOKEN_LEN - walk->n_partial;
	if (n > len)
		n = len;
	memcpy(walk->partial + walk->n_partial, in, n);
	walk->n_partial += n;
	walk->total += n;
	if (walk->n_partial == TOKEN_LEN && take_token(walk, event, err) < 0) {
		walk->failed = true;
		return -1;
	}
	return (ssize_t)n;
}

int walk_feed(struct walk *walk, const char *in, size_t len, size_t *n_used, walk_take_fn *take,
	      void *context, struct err *err)
{
	*n_used = 0;
	for (;;) {
		struct walk_event event;
		ssize_t n = walk_step(walk, in + *n_used, len - *n_used, &event, err);

		if (n < 0)
			return -1;
		*n_used += (size_t)n;
		if (event.kind == WALK_END)
			return 1;
		if (event.kind == WALK_MORE) {
			if (*n_used == len)
				return walk_ended(walk) ? 1 : 0;
			continue;
		}
		if (take(context, &event, err) < 0)
			return -1;
	}
}

bool walk_ended(const struct walk *walk)
{
	return walk->ended;
}

bool walk_started(const struct walk *walk)
{
	return walk->started;
}

uint32_t walk_version(const struct walk *walk)
{
	return walk->version;
}

uint32_t walk_status(const struct walk *walk)
{
	return walk->status;
}

uint64_t walk_total(const struct walk *walk)
{
	return walk->total;
}
