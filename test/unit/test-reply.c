/* test/unit/test-reply.c - replies as values, against bytes that distcc 3.4 sent. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "test/unit/captured.h"
#include "wire/reply.h"

#define autoreply __attribute__((cleanup(reply_release))) struct reply

static int feed_by(struct reply *reply, struct bytes in, size_t piece, size_t *n_all, struct err *err)
{
	int result = 0;

	for (*n_all = 0; result == 0 && *n_all < in.len;) {
		size_t n_used, len = in.len - *n_all < piece ? in.len - *n_all : piece;

		result = reply_feed(reply, in.data + *n_all, len, &n_used, err);
		*n_all += n_used;
	}
	return result;
}

static void a_failed_compile_has_its_status_and_both_streams(void **state)
{
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	for (size_t piece = 1; piece < 20; piece++) {
		autoreply reply = { 0 };

		reply_init(&reply, 1, &walk_limits_default, false);
		assert_int_equal(feed_by(&reply, captured_reply_killed, piece, &n, &err), 1);
		assert_int_equal(n, captured_reply_killed.len);
		assert_int_equal(reply.status, 11);
		assert_string_equal(reply.serr.data, "to stderr\n");
		assert_string_equal(reply.sout.data, "to stdout\n");
		assert_int_equal(reply.object.len, 0);
	}
}

static void an_empty_object_is_a_success(void **state)
{
	autoreply reply = { 0 };
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	reply_init(&reply, 1, &walk_limits_default, true);
	assert_int_equal(feed_by(&reply, captured_reply_empty, 100, &n, &err), 1);
	assert_int_equal(reply.status, 0);
	assert_int_equal(reply.object.len, 0);
}

static void compressed_parts_are_expanded(void **state)
{
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	for (size_t piece = 1; piece < 20; piece++) {
		autoreply wanted = { 0 }, unwanted = { 0 };

		reply_init(&wanted, 3, &walk_limits_default, true);
		assert_int_equal(feed_by(&wanted, captured_reply_3, piece, &n, &err), 1);
		assert_int_equal(wanted.object.len, 4);
		assert_memory_equal(wanted.object.data, "\x7f" "ELF", 4);
		assert_string_equal(wanted.deps.data, "m.o: m.c\n");
		reply_init(&unwanted, 3, &walk_limits_default, false);
		assert_int_equal(feed_by(&unwanted, captured_reply_3, piece, &n, &err), 1);
		assert_int_equal(unwanted.deps.len, 0);
		assert_memory_equal(unwanted.object.data, "\x7f" "ELF", 4);
	}
}

static void a_reply_that_is_cut_is_not_complete(void **state)
{
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	for (size_t len = 0; len < captured_reply_3.len; len++) {
		autoreply reply = { 0 };

		reply_init(&reply, 3, &walk_limits_default, true);
		assert_int_equal(feed_by(&reply, (struct bytes){ captured_reply_3.data, len }, 13, &n, &err), 0);
	}
}

static void bad_compression_and_another_version_are_errors(void **state)
{
	static const struct { struct bytes bytes; const char *words; } rows[] = {
		{ BYTES("DONE00000002STAT00000000SERR00000003abc"), "LZO1X1 decompression failed" },
		{ BYTES("DONE00000002STAT00000000SERR00000004\x11\x00\x00x"), "LZO1X1 decompression failed" },
		{ BYTES("DONE00000001STAT00000000"), "got version 1 not 2" },
		{ BYTES("HTTP/1.0 400 Bad Request\r\n"), "expected token DONE, got 'HTTP/1.0 400'" },
	};
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autoreply reply = { 0 };
		struct err err = ERR_INIT;

		reply_init(&reply, 2, &walk_limits_default, true);
		assert_fails(feed_by(&reply, rows[i].bytes, 5, &n, &err), ERR_PROTOCOL, rows[i].words);
	}
}

static void our_bytes_are_those_of_distcc(void **state)
{
	autoreply killed = { .version = 1, .status = 11 }, empty = { .version = 1 }, pump = { .version = 3 };
	autobuf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	buf_add_str(&killed.serr, "to stderr\n");
	buf_add_str(&killed.sout, "to stdout\n");
	buf_add_str(&killed.object, "never sent after a failure");
	assert_ok(reply_encode(&out, &killed, &err));
	assert_int_equal(out.len, captured_reply_killed.len);
	assert_memory_equal(out.data, captured_reply_killed.data, out.len);
	buf_clear(&out);
	assert_ok(reply_encode(&out, &empty, &err));
	assert_int_equal(out.len, captured_reply_empty.len);
	assert_memory_equal(out.data, captured_reply_empty.data, out.len);
	buf_clear(&out);
	buf_add_str(&pump.object, "\x7f" "ELF");
	buf_add_str(&pump.deps, "m.o: m.c\n");
	assert_ok(reply_encode(&out, &pump, &err));
	assert_int_equal(out.len, captured_reply_3.len);
	assert_memory_equal(out.data, captured_reply_3.data, out.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_failed_compile_has_its_status_and_both_streams),
		CHECK(an_empty_object_is_a_success),
		CHECK(compressed_parts_are_expanded),
		CHECK(a_reply_that_is_cut_is_not_complete),
		CHECK(bad_compression_and_another_version_are_errors),
		CHECK(our_bytes_are_those_of_distcc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
