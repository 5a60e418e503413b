/* test/unit/test-lease.c - messages between a client and the gateway, byte for byte. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "test/unit/captured.h"
#include "wire/lease.h"

static void our_bytes_are_those_of_the_protocol_document(void **state)
{
	autobuf out = BUF_INIT;
	struct lease_writer writer;

	(void)state;
	lease_greet(&out);
	lease_begin(&writer, &out, LEASE_WANT);
	lease_add(&writer, "kind", "compile");
	lease_add(&writer, "proto", "1,2");
	lease_add(&writer, "use", NULL);
	lease_add(&writer, "build", "");
	lease_end(&writer);
	lease_begin(&writer, &out, LEASE_REDY);
	lease_add_int(&writer, "size", 1234567890123);
	lease_end(&writer);
	lease_begin(&writer, &out, LEASE_WAIT);
	lease_end(&writer);
	lease_text(&out, "slots=4\n", 8);
	lease_text(&out, "", 0);
	assert_string_equal(out.data,
		"GATE00000001"
		"WANT00000017kind=compile\nproto=1,2\n"
		"REDY00000013size=1234567890123\n"
		"WAIT00000000"
		"TEXT00000008slots=4\nTEXT00000000");
}

static void values_are_escaped_and_come_back(void **state)
{
	static const char value[] = "a b=c%d\n\t\x01\x7f\xc3\xa4/\"";
	autobuf out = BUF_INIT;
	autolease message = LEASE_MESSAGE_INIT;
	struct lease_writer writer;
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	lease_begin(&writer, &out, LEASE_WANT);
	lease_add(&writer, "source", value);
	lease_end(&writer);
	assert_string_equal(out.data + 12, "source=a b=c%25d%0a%09%01%7f\xc3\xa4/\"\n");
	assert_int_equal(lease_decode(out.data, out.len, &n, &message, &err), 1);
	assert_int_equal(n, out.len);
	assert_string_equal(lease_get(&message, "source"), value);
}

static void unknown_keys_are_ignored_and_the_first_of_two_counts(void **state)
{
	static const char in[] = "WANT00000043future=x\nkind=compile\nkind=link\nproto=1,22,3\nsize=12\nempty=\nn=1x\n";
	autolease message = LEASE_MESSAGE_INIT;
	struct err err = ERR_INIT;
	autobuf exact = BUF_INIT;
	size_t n;

	(void)state;
	buf_add_format(&exact, "WANT%08zx%s", sizeof(in) - 1 - 12, in + 12);
	assert_int_equal(lease_decode(exact.data, exact.len, &n, &message, &err), 1);
	assert_int_equal(message.token, LEASE_WANT);
	assert_string_equal(lease_get(&message, "kind"), "compile");
	assert_null(lease_get(&message, "absent"));
	assert_string_equal(lease_get(&message, "empty"), "");
	assert_int_equal(lease_get_int(&message, "size", 7), 12);
	assert_int_equal(lease_get_int(&message, "n", 7), 7);
	assert_int_equal(lease_get_int(&message, "absent", 7), 7);
	assert_true(lease_has_word(&message, "proto", "1"));
	assert_true(lease_has_word(&message, "proto", "3"));
	assert_false(lease_has_word(&message, "proto", "2"));
	assert_false(lease_has_word(&message, "proto", "1,22"));
	assert_false(lease_has_word(&message, "empty", ""));
	assert_false(lease_has_word(&message, "absent", "1"));
}

static void more_bytes_are_awaited_and_later_ones_left(void **state)
{
	static const char in[] = "GRNT0000000emode=relay\nx=\nWAIT";
	autolease message = LEASE_MESSAGE_INIT;
	struct err err = ERR_INIT;
	size_t n = 99;

	(void)state;
	for (size_t len = 0; len < 12 + 14; len++)
		assert_int_equal(lease_decode(in, len, &n, &message, &err), 0);
	assert_int_equal(n, 99);
	assert_null(message.text);
	assert_int_equal(lease_decode(in, sizeof(in) - 1, &n, &message, &err), 1);
	assert_int_equal(n, 12 + 14);
	assert_string_equal(lease_get(&message, "mode"), "relay");
}

static void a_greeting_is_a_version_and_text_is_as_it_came(void **state)
{
	static const struct bytes text = BYTES("TEXT00000006a\0%\n=\x01");
	autolease greeting = LEASE_MESSAGE_INIT, message = LEASE_MESSAGE_INIT;
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	assert_int_equal(lease_decode("GATEffffffffWANT", 16, &n, &greeting, &err), 1);
	assert_int_equal(n, 12);
	assert_int_equal(greeting.version, UINT32_MAX);
	assert_int_equal(lease_decode(text.data, text.len, &n, &message, &err), 1);
	assert_int_equal(message.text_len, 6);
	assert_memory_equal(message.text, text.data + 12, 6);
	assert_int_equal(message.n_pairs, 0);
}

static void what_breaks_the_rules_is_an_error_and_allocates_nothing(void **state)
{
	static const struct { struct bytes bytes; const char *words; } rows[] = {
		{ BYTES("HELO00000000"), "message HELO is not known" },
		{ BYTES("want00000000"), "expected a token" },
		{ BYTES("WANT 0000000"), "expected a token" },
		{ BYTES("WANT00010001"), "WANT of 65537 bytes, at most 65536 are possible" },
		{ BYTES("WANTffffffff"), "at most 65536" },
		{ BYTES("WANT00000005key=v"), "no key=value" },			/* no newline */
		{ BYTES("WANT00000004key\n"), "no key=value" },
		{ BYTES("WANT00000008key\na=b\n"), "no key=value" },
		{ BYTES("WANT00000001\n"), "no key=value" },
		{ BYTES("WANT00000003=v\n"), "bad key" },
		{ BYTES("WANT00000004K=v\n"), "bad key" },
		{ BYTES("WANT00000006k y=v\n"), "bad key" },
		{ BYTES("WANT00000024abcdefghijklmnopqrstuvwxyz0123456=v\n"), "bad key" },		/* 33 bytes */
		{ BYTES("WANT00000004k=%\n"), "bad escape" },
		{ BYTES("WANT00000005k=%4\n"), "bad escape" },
		{ BYTES("WANT00000006k=%4g\n"), "bad escape" },
		{ BYTES("WANT00000006k=%00\n"), "bad escape" },
		{ BYTES("WANT00000005k=a\r\n"), "bad escape" },
		{ BYTES("WANT00000005k=a\x7f\n"), "bad escape" },
		{ BYTES("WANT00000005k=\0x\n"), "NUL byte" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lease_message message = LEASE_MESSAGE_INIT;
		struct err err = ERR_INIT;
		size_t n = 99;

		/* lengths that the row got wrong by hand would only make the decoder wait */
		if (lease_decode(rows[i].bytes.data, rows[i].bytes.len, &n, &message, &err) == 0)
			fail_msg("row %zu is not complete", i);
		assert_fails(lease_decode(rows[i].bytes.data, rows[i].bytes.len, &n, &message, &err), ERR_PROTOCOL, rows[i].words);
		assert_null(message.text);
		assert_int_equal(n, 99);
	}
}

static void the_bounds_themselves_are_good(void **state)
{
	autobuf pairs = BUF_INIT, more = BUF_INIT, large = BUF_INIT;
	autolease first = LEASE_MESSAGE_INIT, second = LEASE_MESSAGE_INIT, third = LEASE_MESSAGE_INIT;
	struct lease_writer writer;
	struct err err = ERR_INIT;
	size_t n;

	(void)state;
	lease_begin(&writer, &pairs, LEASE_WANT);
	for (int i = 0; i < LEASE_PAIRS_MAX; i++)
		lease_add_int(&writer, "abcdefghijklmnopqrstuvwxyz012345", i);		/* 32 bytes */
	lease_end(&writer);
	assert_int_equal(lease_decode(pairs.data, pairs.len, &n, &first, &err), 1);
	assert_int_equal(first.n_pairs, 64);
	lease_begin(&writer, &more, LEASE_WANT);
	for (int i = 0; i <= LEASE_PAIRS_MAX; i++)
		lease_add_int(&writer, "k", i);
	lease_end(&writer);
	assert_fails(lease_decode(more.data, more.len, &n, &second, &err), ERR_PROTOCOL, "more than 64 pairs");
	buf_add_str(&large, "WANT00010000k=");
	while (large.len < 12 + LEASE_PAYLOAD_MAX - 1)
		buf_add_str(&large, "v");
	buf_add_str(&large, "\n");
	assert_int_equal(lease_decode(large.data, large.len, &n, &third, &err), 1);
	assert_int_equal(strlen(lease_get(&third, "k")), LEASE_PAYLOAD_MAX - 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(our_bytes_are_those_of_the_protocol_document),
		CHECK(values_are_escaped_and_come_back),
		CHECK(unknown_keys_are_ignored_and_the_first_of_two_counts),
		CHECK(more_bytes_are_awaited_and_later_ones_left),
		CHECK(a_greeting_is_a_version_and_text_is_as_it_came),
		CHECK(what_breaks_the_rules_is_an_error_and_allocates_nothing),
		CHECK(the_bounds_themselves_are_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
