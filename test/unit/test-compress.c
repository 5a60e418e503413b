/* test/unit/test-compress.c - LZO1X blocks: captured, made by hand, broken, and hostile. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/mem.h"
#include "test/unit/captured.h"
#include "wire/compress.h"

enum { PLENTY = 1 << 20 };

static void a_captured_block_expands(void **state)
{
	static const struct { struct bytes block, text; } rows[] = {
		{ BYTES(CAPTURED_LZO), BYTES(CAPTURED_LZO_EXPANDED) },
		{ BYTES(CAPTURED_DEPS), BYTES("m.o: m.c\n") },
		{ BYTES("\x1d#define V 7\n\x11\x00\x00"), BYTES("#define V 7\n") },
		{ BYTES("\x11\x00\x00"), BYTES("") },		/* an empty header in pump mode */
		{ BYTES(""), BYTES("") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autobuf out = BUF_INIT;
		struct err err = ERR_INIT;

		assert_ok(lzo_expand(&out, rows[i].block.data, rows[i].block.len, PLENTY, &err));
		assert_int_equal(out.len, rows[i].text.len);
		if (out.len)
			assert_memory_equal(out.data, rows[i].text.data, out.len);
	}
}

/* The smallest encoder that the format allows: one run of literals and the end. */
static void store(struct buf *out, const char *data, size_t n)
{
	if (n <= 238) {
		buf_add_format(out, "%c", (int)(17 + n));
	} else {
		size_t q = (n - 18 - 1) / 255;
		static const char zeros[PLENTY / 255];

		buf_add(out, zeros, 1 + q);
		buf_add_format(out, "%c", (int)(n - 18 - 255 * q));
	}
	buf_add(out, data, n);
	buf_add(out, "\x11\x00\x00", 3);
}

static void stored_blocks_of_all_lengths_expand(void **state)
{
	static const size_t lengths[] = { 1, 2, 3, 4, 237, 238, 239, 273, 274, 527, 528, 529, 70000 };
	static char data[70000];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		autobuf block = BUF_INIT, out = BUF_INIT;
		struct err err = ERR_INIT;

		store(&block, data, lengths[i]);
		assert_ok(lzo_expand(&out, block.data, block.len, PLENTY, &err));
		assert_int_equal(out.len, lengths[i]);
		assert_memory_equal(out.data, data, out.len);
	}
}

static void what_we_compress_expands_again(void **state)
{
	static char data[300000];
	static const size_t lengths[] = { 1, 13, 4096, 300000 };

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i % 1000 < 600 ? 'x' : i * 2654435761U >> 13);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		autobuf block = BUF_INIT, out = BUF_INIT;
		struct err err = ERR_INIT;

		assert_ok(lzo_compress(&block, data, lengths[i], &err));
		assert_memory_equal(block.data + block.len - 3, "\x11\x00\x00", 3);
		assert_ok(lzo_expand(&out, block.data, block.len, lengths[i], &err));
		assert_int_equal(out.len, lengths[i]);
		assert_memory_equal(out.data, data, out.len);
	}
}

static void nothing_stays_nothing_and_too_much_is_refused(void **state)
{
	autobuf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_ok(lzo_compress(&out, "", 0, &err));
	assert_int_equal(out.len, 0);
	/* refused by its length alone: the bytes are not looked at */
	assert_fails(lzo_compress(&out, "x", (size_t)UINT32_MAX, &err), ERR_IO, "too many for the protocol");
}

static void broken_blocks_are_errors(void **state)
{
	static const struct bytes rows[] = {
		BYTES("abc"), BYTES("\x1aint"), BYTES("\x1am.o: m.c\n"), BYTES("\x1am.o: m.c\n\x11"), BYTES("\x1am.o: m.c\n\x11\x00"),
		BYTES(CAPTURED_DEPS "x"),			/* bytes after the end */
		BYTES(CAPTURED_DEPS CAPTURED_DEPS),
		BYTES("\x15" "abcd\x20\x01\xff\xff\x11\x00\x00"),	/* a copy from before the beginning */
		BYTES("\x40\x00\x11\x00\x00"), BYTES("\x00\x00\x00\x00"), BYTES("\x00"), BYTES("\xff"), BYTES("\x20\x00\x00\x00"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autobuf out = BUF_INIT;
		autofree char *exact = mem_copy(rows[i].data, rows[i].len);	/* so that a sanitizer sees reads beyond it */
		struct err err = ERR_INIT;

		buf_add_str(&out, "before");
		assert_fails(lzo_expand(&out, exact, rows[i].len, PLENTY, &err), ERR_PROTOCOL, "LZO1X1 decompression failed");
		assert_int_equal(out.len, 6);
	}
	for (size_t len = 1; len < sizeof(CAPTURED_LZO) - 1; len++) {
		autobuf out = BUF_INIT;
		autofree char *exact = mem_copy(CAPTURED_LZO, len);
		struct err err = ERR_INIT;

		assert_fails(lzo_expand(&out, exact, len, PLENTY, &err), ERR_PROTOCOL, "LZO1X1");
	}
}

/* 255 : 1 is what the format allows, so 4 KiB can ask for 1 MiB; the bound is ours. */
static void a_bomb_is_stopped_at_the_bound(void **state)
{
	autobuf bomb = BUF_INIT, out = BUF_INIT, whole = BUF_INIT;
	static const char zeros[4096];
	struct err err = ERR_INIT;
	const size_t expanded = 4 + 33 + 255 * sizeof(zeros) + 1;

	(void)state;
	buf_add(&bomb, "\x15" "abcd\x20", 6);		/* four literals, then one copy of 33 + 255 * 4096 + 1 bytes */
	buf_add(&bomb, zeros, sizeof(zeros));
	buf_add(&bomb, "\x01\x00\x00\x11\x00\x00", 6);
	assert_ok(lzo_expand(&whole, bomb.data, bomb.len, expanded, &err));
	assert_int_equal(whole.len, expanded);
	assert_fails(lzo_expand(&out, bomb.data, bomb.len, expanded - 1, &err), ERR_PROTOCOL, "more than");
	assert_true(out.capacity < 2 * expanded);
	assert_int_equal(out.len, 0);
	assert_fails(lzo_expand(&out, bomb.data, bomb.len, 3, &err), ERR_PROTOCOL, "more than 3 bytes after decompression");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_captured_block_expands),
		CHECK(stored_blocks_of_all_lengths_expand),
		CHECK(what_we_compress_expands_again),
		CHECK(nothing_stays_nothing_and_too_much_is_refused),
		CHECK(broken_blocks_are_errors),
		CHECK(a_bomb_is_stopped_at_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
