/* wire/reply.c - see reply.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/reply.h"

#include "wire/compress.h"
#include "wire/request.h"
#include "wire/version.h"

enum { EXPANDED_MAX = 1 << 30 };

void reply_init(struct reply *reply, uint32_t version, const struct walk_limits *limits, bool want_deps)
{
	*reply = (struct reply){ .version = version, .want_deps = want_deps };
	walk_reply_init(&reply->walk, version, limits);
}

void reply_release(struct reply *reply)
{
	buf_release(&reply->serr);
	buf_release(&reply->sout);
	buf_release(&reply->object);
	buf_release(&reply->deps);
	buf_release(&reply->body);
}

static struct buf *part_of(struct reply *reply, enum walk_token token)
{
	switch (token) {
	case WALK_SERR: return &reply->serr;
	case WALK_SOUT: return &reply->sout;
	case WALK_DOTO: return &reply->object;
	case WALK_DOTD: return reply->want_deps ? &reply->deps : NULL;
	default: return NULL;
	}
}

static int take(void *context, const struct walk_event *event, struct err *err)
{
	struct reply *reply = context;
	struct buf *part = part_of(reply, event->token);

	if (event->kind == WALK_TOKEN && event->token == WALK_STAT)
		reply->status = (int)event->value;
	if (event->kind != WALK_BODY || !part)
		return 0;
	if (reply->version == PROTOCOL_PLAIN) {
		buf_add(part, event->data, event->len);
		return 0;
	}
	if (reply->body.len == 0 && event->last)
		return lzo_expand(part, event->data, event->len, EXPANDED_MAX, err);
	buf_add(&reply->body, event->data, event->len);
	if (event->last) {
		if (lzo_expand(part, reply->body.data, reply->body.len, EXPANDED_MAX, err) < 0)
			return -1;
		buf_clear(&reply->body);
	}
	return 0;
}

int reply_feed(struct reply *reply, const char *in, size_t len, size_t *n_used, struct err *err)
{
	return walk_feed(&reply->walk, in, len, n_used, take, reply, err);
}

static int add_bulk(struct buf *out, const char *name, const struct buf *part, uint32_t version,
		    struct err *err)
{
	struct buf packed = BUF_INIT;
	const struct buf *body = part;
	int result = 0;

	if (version != PROTOCOL_PLAIN) {
		result = lzo_compress(&packed, part->data, part->len, err);
		body = &packed;
	}
	if (result == 0)
		result = request_encode_token(out, name, body->len, err);
	if (result == 0 && body->len)
		buf_add(out, body->data, body->len);
	buf_release(&packed);
	return result;
}

int reply_encode(struct buf *out, const struct reply *reply, struct err *err)
{
	static const struct buf nothing = BUF_INIT;
	uint32_t v = reply->version;

	if (request_encode_token(out, "DONE", v, err) < 0 ||
	    request_encode_token(out, "STAT", (uint32_t)reply->status, err) < 0 ||
	    add_bulk(out, "SERR", &reply->serr, v, err) < 0 ||
	    add_bulk(out, "SOUT", &reply->sout, v, err) < 0 ||
	    add_bulk(out, "DOTO", reply->status == 0 ? &reply->object : &nothing, v, err) < 0)
		return -1;
	if (v == PROTOCOL_PUMP && reply->status == 0)
		return add_bulk(out, "DOTD", &reply->deps, v, err);
	return 0;
}
