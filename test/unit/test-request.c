/* test/unit/test-request.c - requests as values, against bytes that distcc 3.4 sent. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/mem.h"
#include "test/unit/captured.h"
#include "wire/request.h"

#define autorequest __attribute__((cleanup(request_release))) struct request

static void a_captured_request_becomes_its_values(void **state)
{
	struct err err = ERR_INIT;
	size_t n_used;

	(void)state;
	for (size_t piece = 1; piece < 20; piece++) {
		autorequest request = { 0 };
		autofree char *command = NULL;
		size_t at = 0;
		int result = 0;

		request_init(&request, &walk_limits_default);
		while (result == 0) {
			size_t len = captured_request_2.len - at < piece ? captured_request_2.len - at : piece;

			result = request_feed(&request, captured_request_2.data + at, len, &n_used, &err);
			at += n_used;
		}
		assert_int_equal(result, 1);
		assert_int_equal(at, captured_request_2.len);
		assert_int_equal(request.version, 2);
		command = argv_printable(&request.argv);
		assert_string_equal(command, "gcc -c y.i -o y.o");
		assert_int_equal(request.source.len, 0x2e);
		assert_memory_equal(request.source.data, CAPTURED_LZO, 0x2e);
	}
}

static void a_word_and_a_source_may_be_empty(void **state)
{
	static const char in[] = "DIST00000001ARGC00000003ARGV00000003gccARGV00000000ARGV00000002-cDOTI00000000";
	autorequest request = { 0 };
	autofree char *command = NULL;
	struct err err = ERR_INIT;
	size_t n_used;

	(void)state;
	request_init(&request, &walk_limits_default);
	assert_int_equal(request_feed(&request, in, sizeof(in) - 1, &n_used, &err), 1);
	command = argv_printable(&request.argv);
	assert_string_equal(command, "gcc \"\" -c");
	assert_int_equal(request.source.len, 0);
}

static void bytes_after_the_request_are_left(void **state)
{
	autorequest request = { 0 };
	autobuf in = BUF_INIT;
	struct err err = ERR_INIT;
	size_t n_used;

	(void)state;
	request_init(&request, &walk_limits_default);
	buf_add(&in, captured_request_1.data, captured_request_1.len);
	buf_add_str(&in, "DIST00000001");
	assert_int_equal(request_feed(&request, in.data, in.len, &n_used, &err), 1);
	assert_int_equal(n_used, captured_request_1.len);
	assert_string_equal(request.source.data, "int x;\n");
}

/* A peer that announces 1 GiB and sends nothing must not cost 1 GiB. */
static void an_announced_length_costs_nothing(void **state)
{
	static const char in[] = "DIST00000001ARGC0000ffffARGV0001ffff";
	autorequest request = { 0 };
	struct err err = ERR_INIT;
	size_t n_used;

	(void)state;
	request_init(&request, &walk_limits_default);
	assert_int_equal(request_feed(&request, in, sizeof(in) - 1, &n_used, &err), 0);
	assert_int_equal(request.argv.capacity, 0);
	assert_int_equal(request.word.capacity, 0);
}

static void a_derailed_request_is_an_error(void **state)
{
	static const char in[] = "DIST00000001ARGC00000001ARGV00000003gccDOTX00000000";
	autorequest request = { 0 };
	struct err err = ERR_INIT;
	size_t n_used;

	(void)state;
	request_init(&request, &walk_limits_default);
	assert_fails(request_feed(&request, in, sizeof(in) - 1, &n_used, &err), ERR_PROTOCOL, "expected token DOTI, got 'DOTX00000000'");
	assert_fails(request_feed(&request, in, 1, &n_used, &err), ERR_PROTOCOL, "out of step");
}

static void our_bytes_are_those_of_distcc(void **state)
{
	autoargv argv = ARGV_INIT;
	autobuf one = BUF_INIT, three = BUF_INIT;
	char *words[] = { "gcc", "-c", "x.i", "-o", "x.o", NULL };
	struct err err = ERR_INIT;

	(void)state;
	argv_add_all(&argv, words);
	request_encode_head(&one, 1, NULL, &argv);
	assert_ok(request_encode_token(&one, "DOTI", 7, &err));
	buf_add_str(&one, "int x;\n");
	assert_int_equal(one.len, captured_request_1.len);
	assert_memory_equal(one.data, captured_request_1.data, one.len);
	argv_replace(&argv, 2, "m.c");
	argv_replace(&argv, 4, "m.o");
	request_encode_head(&three, 3, "/home/dev/p", &argv);
	assert_memory_equal(three.data, captured_request_3.data, three.len);
	assert_memory_equal(captured_request_3.data + three.len, "NFIL", 4);
}

static void what_32_bits_cannot_say_is_refused(void **state)
{
	autobuf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_ok(request_encode_token(&out, "DOTI", UINT32_MAX, &err));
	assert_string_equal(out.data, "DOTIffffffff");
	assert_fails(request_encode_token(&out, "DOTI", (uint64_t)UINT32_MAX + 1, &err), ERR_IO, "too many for the protocol");
	assert_int_equal(out.len, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_captured_request_becomes_its_values),
		CHECK(a_word_and_a_source_may_be_empty),
		CHECK(bytes_after_the_request_are_left),
		CHECK(an_announced_length_costs_nothing),
		CHECK(a_derailed_request_is_an_error),
		CHECK(our_bytes_are_those_of_distcc),
		CHECK(what_32_bits_cannot_say_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
