/* test/unit/test-walk.c - the order of tokens, whatever the pieces that bytes come in. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/str.h"
#include "test/unit/captured.h"
#include "wire/walk.h"

/* Feeds pieces of piece_len bytes; writes "DIST=1 ARGC=5 ARGV=3:gcc ..." into seen. 1 at the end, 0 for more, -1. */
static int walk_all(struct walk *walk, struct bytes in, size_t piece_len, struct buf *seen, size_t *n_used, struct err *err)
{
	*n_used = 0;
	for (;;) {
		size_t len = in.len - *n_used < piece_len ? in.len - *n_used : piece_len;
		struct walk_event event;
		ssize_t n = walk_step(walk, in.data + *n_used, len, &event, err);

		if (n < 0)
			return -1;
		assert_true((size_t)n <= len);
		*n_used += (size_t)n;
		switch (event.kind) {
		case WALK_END:
			return 1;
		case WALK_MORE:
			if (*n_used == in.len)
				return 0;
			break;
		case WALK_TOKEN:
			buf_add_format(seen, "%s%s=%x%s", seen->len ? " " : "", walk_token_name(event.token), event.value, event.has_body ? ":" : "");
			break;
		case WALK_BODY:
			assert_true(event.len > 0 && event.data == in.data + *n_used - event.len);
			buf_add(seen, event.data, event.len);
			break;
		}
	}
}

static void assert_walk(bool is_reply, uint32_t version, struct bytes in, const char *expected)
{
	static const size_t pieces[] = { 1, 2, 5, 11, 12, 13, 1 << 20 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct walk walk;
		struct err err = ERR_INIT;
		autobuf seen = BUF_INIT, longer = BUF_INIT;
		size_t n_used;

		if (is_reply)
			walk_reply_init(&walk, version, &walk_limits_default);
		else
			walk_request_init(&walk, &walk_limits_default);
		assert_false(walk_started(&walk));
		buf_add(&longer, in.data, in.len);
		buf_add_str(&longer, "stray");
		assert_int_equal(walk_all(&walk, (struct bytes){ longer.data, longer.len }, pieces[i], &seen, &n_used, &err), 1);
		assert_int_equal(n_used, in.len);		/* what follows is not touched */
		assert_int_equal(walk_total(&walk), in.len);
		assert_int_equal(walk_version(&walk), version);
		assert_true(walk_started(&walk) && walk_ended(&walk));
		assert_string_equal(seen.data, expected);
	}
}

static void captured_requests_are_walked_to_their_end(void **state)
{
	(void)state;
	assert_walk(false, 1, captured_request_1, "DIST=1 ARGC=5 ARGV=3:gcc ARGV=2:-c ARGV=3:x.i ARGV=2:-o ARGV=3:x.o DOTI=7:int x;\n");
	assert_walk(false, 2, (struct bytes)BYTES("DIST00000002ARGC00000001ARGV00000000DOTI00000000"), "DIST=2 ARGC=1 ARGV=0 DOTI=0");
	assert_walk(false, 3, (struct bytes)BYTES(
		"DIST00000003CDIR00000001/ARGC00000001ARGV00000003gccNFIL00000003NAME00000002/aFILE00000000NAME00000002/bLINK00000002/a"
		"NAME00000002/cFILE00000003xyz"),
		"DIST=3 CDIR=1:/ ARGC=1 ARGV=3:gcc NFIL=3 NAME=2:/a FILE=0 NAME=2:/b LINK=2:/a NAME=2:/c FILE=3:xyz");
	assert_walk(false, 3, (struct bytes)BYTES("DIST00000003CDIR00000001/ARGC00000001ARGV00000003gccNFIL00000000"),
		    "DIST=3 CDIR=1:/ ARGC=1 ARGV=3:gcc NFIL=0");
}

static void captured_replies_are_walked_to_their_end(void **state)
{
	(void)state;
	assert_walk(true, 1, captured_reply_killed, "DONE=1 STAT=b SERR=a:to stderr\n SOUT=a:to stdout\n DOTO=0");
	assert_walk(true, 1, captured_reply_empty, "DONE=1 STAT=0 SERR=0 SOUT=0 DOTO=0");
	assert_walk(true, 3, (struct bytes)BYTES("DONE00000003STAT00000100SERR00000000SOUT00000000DOTO00000000"),
		    "DONE=3 STAT=100 SERR=0 SOUT=0 DOTO=0");
	assert_walk(true, 3, (struct bytes)BYTES("DONE00000003STAT00000000SERR00000000SOUT00000000DOTO00000000DOTD00000002ab"),
		    "DONE=3 STAT=0 SERR=0 SOUT=0 DOTO=0 DOTD=2:ab");
}

/* Every beginning of a good message is a good beginning, and not yet the end. */
static void a_message_that_is_cut_is_not_complete(void **state)
{
	static const struct bytes requests[] = { BYTES("DIST00000003CDIR00000001/ARGC00000001ARGV00000003gccNFIL00000001NAME00000002/aFILE00000002xy") };

	(void)state;
	for (size_t len = 0; len < requests[0].len; len++) {
		struct walk walk;
		struct err err = ERR_INIT;
		autobuf seen = BUF_INIT;
		size_t n_used;

		walk_request_init(&walk, &walk_limits_default);
		assert_int_equal(walk_all(&walk, (struct bytes){ requests[0].data, len }, 7, &seen, &n_used, &err), 0);
		assert_int_equal(n_used, len);
		assert_false(walk_ended(&walk));
	}
}

static const struct walk_limits tight = {
	.argc_max = 3, .word_max = 4, .words_total_max = 8, .bulk_max = 10, .total_max = 200, .files_max = 2,
};

struct bad {
	bool is_reply;
	const char *bytes, *words;
};

static const struct bad bad[] = {
	{ false, "HELO00000001", "expected token DIST, got 'HELO00000001'" },
	{ false, "DIST00000000", "protocol version 0 is not known" },
	{ false, "DIST00000004", "protocol version 4 is not known" },
	{ false, "DIST0000000x", "expected token DIST" },
	{ false, "DIST00000001CDIR00000001/", "expected token ARGC" },
	{ false, "DIST00000003ARGC00000001", "expected token CDIR" },
	{ false, "DIST00000001ARGC00000000", "a command of 0 words" },
	{ false, "DIST00000001ARGC00000004", "a command of 4 words" },
	{ false, "DIST00000001ARGCffffffff", "a command of 4294967295 words" },
	{ false, "DIST00000001ARGC00000001DOTI00000001", "expected token ARGV" },
	{ false, "DIST00000001ARGC00000001ARGV00000005", "ARGV of 5 bytes is over the limit" },
	{ false, "DIST00000001ARGC00000001ARGVffffffff", "over the limit" },
	{ false, "DIST00000001ARGC00000003ARGV00000004abcdARGV00000004abcdARGV00000001", "ARGV of 1 bytes is over the limit" },
	{ false, "DIST00000001ARGC00000001ARGV00000001aARGV00000001", "expected token DOTI" },
	{ false, "DIST00000001ARGC00000001ARGV00000001aNFIL00000001", "expected token DOTI" },
	{ false, "DIST00000001ARGC00000001ARGV00000001aDOTI0000000b", "DOTI of 11 bytes is over the limit" },
	{ false, "DIST00000003CDIR00000005", "CDIR of 5 bytes is over the limit" },
	{ false, "DIST00000003CDIR00000001/ARGC00000001ARGV00000001aDOTI00000001", "expected token NFIL" },
	{ false, "DIST00000003CDIR00000001/ARGC00000001ARGV00000001aNFIL00000003", "3 files are over the limit" },
	{ false, "DIST00000003CDIR00000001/ARGC00000001ARGV00000001aNFIL00000001FILE00000001", "expected token NAME" },
	{ false, "DIST00000003CDIR00000001/ARGC00000001ARGV00000001aNFIL00000001NAME00000001/DOTI00000001", "expected token FILE" },
	{ false, "DIST00000003CDIR00000001/ARGC00000001ARGV00000001aNFIL00000001NAME00000001/LINK00000005", "LINK of 5 bytes" },
	{ true, "DIST00000001", "expected token DONE" },
	{ true, "DONE00000002", "got version 2 not 3 in the reply" },
	{ true, "DONE00000003SERR00000000", "expected token STAT" },
	{ true, "DONE00000003STAT00000000SOUT00000000", "expected token SERR" },
	{ true, "DONE00000003STAT00000000SERR0000000b", "SERR of 11 bytes is over the limit" },
	{ true, "DONE00000003STAT00000000SERR00000000SOUT00000000DOTD00000000", "expected token DOTO" },
	{ true, "DONE00000003STAT00000100SERR00000000SOUT00000000DOTO00000001", "status 256 came with an object of 1 bytes" },
	{ true, "DONE00000003STAT00000000SERR00000000SOUT00000000DOTO00000001xSTAT00000000", "expected token DOTD" },
};

static void what_is_out_of_order_or_bounds_is_refused_for_ever(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct walk walk;
		struct walk_event event;
		struct err err = ERR_INIT;
		autobuf seen = BUF_INIT;
		size_t n_used;

		if (bad[i].is_reply)
			walk_reply_init(&walk, 3, &tight);
		else
			walk_request_init(&walk, &tight);
		assert_fails(walk_all(&walk, (struct bytes){ bad[i].bytes, strlen(bad[i].bytes) }, 9, &seen, &n_used, &err), ERR_PROTOCOL, bad[i].words);
		assert_false(walk_ended(&walk));
		assert_fails(walk_step(&walk, "DIST00000001", 12, &event, &err), ERR_PROTOCOL, "out of step");
	}
}

static void a_word_holds_no_nul_and_a_bulk_may(void **state)
{
	static const struct bytes word = BYTES("DIST00000001ARGC00000001ARGV00000003g\0c"),
		bulk = BYTES("DIST00000001ARGC00000001ARGV00000003gccDOTI00000003a\0b");
	struct walk walk;
	struct err err = ERR_INIT;
	autobuf seen = BUF_INIT;
	size_t n_used;

	(void)state;
	walk_request_init(&walk, &walk_limits_default);
	assert_fails(walk_all(&walk, word, 1, &seen, &n_used, &err), ERR_PROTOCOL, "ARGV holds a NUL byte");
	walk_request_init(&walk, &walk_limits_default);
	assert_int_equal(walk_all(&walk, bulk, 1, &seen, &n_used, &err), 1);
}

static void a_message_has_a_bound_as_a_whole(void **state)
{
	struct walk_limits limits = walk_limits_default;
	struct walk walk;
	struct err err = ERR_INIT;
	autobuf seen = BUF_INIT;
	size_t n_used;

	(void)state;
	limits.total_max = captured_request_1.len;
	walk_request_init(&walk, &limits);
	assert_int_equal(walk_all(&walk, captured_request_1, 100, &seen, &n_used, &err), 1);
	limits.total_max--;
	walk_request_init(&walk, &limits);
	assert_fails(walk_all(&walk, captured_request_1, 100, &seen, &n_used, &err), ERR_PROTOCOL, "DOTI of 7 bytes is over the limit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(captured_requests_are_walked_to_their_end),
		CHECK(captured_replies_are_walked_to_their_end),
		CHECK(a_message_that_is_cut_is_not_complete),
		CHECK(what_is_out_of_order_or_bounds_is_refused_for_ever),
		CHECK(a_word_holds_no_nul_and_a_bulk_may),
		CHECK(a_message_has_a_bound_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
