/* test/unit/test-object.c - how an object begins, and how it should. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "gateway/object.h"
#include "wire/compress.h"

/* The beginning of an ELF object for x86-64, and where the machine is in it. */
static const char head_text[] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\1\0\76\0\1\0\0\0";
static const char pattern[] = "7f454c460201........................3e00";
enum { AT_CLASS = 4, AT_TYPE = 16, AT_MACHINE = 18 };

struct object {
	char bytes[20000];
};

static void make_object(struct object *object)
{
	unsigned seed = 1;

	for (size_t i = 0; i < sizeof(object->bytes); i++)
		object->bytes[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
	memset(object->bytes, 0, 64);
	memcpy(object->bytes, head_text, sizeof(head_text) - 1);
}

static bool is_other(const char *bytes, size_t len, const char *expected)
{
	struct object_head head = { 0 }, compressed = { 0 };
	autobuf packed = BUF_INIT;
	struct err err = ERR_INIT;
	bool other;

	/* in pieces, as they come from a socket */
	for (size_t at = 0; at < len; at += 7)
		object_head_add(&head, bytes + at, len - at < 7 ? len - at : 7);
	assert_ok(lzo_compress(&packed, bytes, len, &err));
	object_head_add(&compressed, packed.data ? packed.data : "", packed.len);
	other = object_is_other(&head, false, expected);
	assert_int_equal(object_is_other(&compressed, true, expected), other);
	return other;
}

static void an_object_for_another_machine_is_seen(void **state)
{
	struct object object;

	(void)state;
	make_object(&object);
	assert_false(is_other(object.bytes, sizeof(object.bytes), pattern));
	object.bytes[AT_TYPE] = 2;
	assert_false(is_other(object.bytes, sizeof(object.bytes), pattern));
	object.bytes[AT_MACHINE] = (char)183;
	assert_true(is_other(object.bytes, sizeof(object.bytes), pattern));
	make_object(&object);
	object.bytes[AT_CLASS] = 1;
	assert_true(is_other(object.bytes, sizeof(object.bytes), pattern));
	assert_true(is_other("this is no object, but long enough", 34, pattern));
}

static void what_is_not_there_is_not_another(void **state)
{
	static const struct object_head none = { 0 };
	static const struct object_head garbage = { 3, "\377\377\377" };

	(void)state;
	assert_false(is_other("", 0, pattern));
	assert_false(is_other(head_text, AT_MACHINE, pattern));
	assert_false(object_is_other(&none, true, pattern));
	/* broken compression is for the client to find */
	assert_false(object_is_other(&garbage, true, pattern));
}

static void patterns_are_digits_and_dots_in_pairs(void **state)
{
	(void)state;
	assert_true(object_is_pattern(pattern));
	assert_true(object_is_pattern("00"));
	assert_true(object_is_pattern(".."));
	assert_false(object_is_pattern(""));
	assert_false(object_is_pattern("7"));
	assert_false(object_is_pattern("7."));
	assert_false(object_is_pattern("7F"));
	assert_false(object_is_pattern("0g"));
	assert_false(object_is_pattern("0000000000000000000000000000000000000000000000000000000000000000" "00"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(an_object_for_another_machine_is_seen),
		CHECK(what_is_not_there_is_not_another),
		CHECK(patterns_are_digits_and_dots_in_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
