/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a gateway takes from both sides of a job: byte by byte or at once, no more than the message, and what an answer means. */
#include "test/unit/check.h"

#include "gateway/answer.h"
#include "gateway/intake.h"

#define REQUEST "DIST00000001ARGC00000002ARGV00000003gccARGV00000002-cDOTI00000004text"
#define REPLY(version, status, object) "DONE" version "STAT" status "SERR00000000SOUT00000000DOTO" object

static struct spool_pool pool = { .dir_fd = -1 };

static enum verdict verdict_of(const char *text, uint32_t version, const char *object, size_t piece)
{
	struct err err = ERR_INIT;
	struct answer answer;
	size_t len = strlen(text);
	enum verdict verdict;

	answer_init(&answer, &pool);
	/* a try that was given up leaves nothing behind */
	assert_int_equal(answer_add(&answer, 2, "DONE00000002ST", 14, &err), 0);
	answer_clear(&answer);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		assert_int_equal(answer_add(&answer, version, text + at, n, &err), at + n == len);
	}
	assert_int_equal(answer.spool.size, len);
	verdict = answer_verdict(&answer, object);
	answer_release(&answer);
	return verdict;
}

static void an_answer_speaks_for_the_source_or_for_its_server(void **state)
{
	static const struct { const char *text; uint32_t version; enum verdict verdict; } rows[] = {
		{ REPLY("00000001", "00000000", "00000004\177ELF"), 1, VERDICT_OBJECT },
		{ REPLY("00000001", "00000000", "00000000"), 1, VERDICT_OBJECT },
		{ REPLY("00000001", "00000000", "00000004\177ELG"), 1, VERDICT_OTHER_OBJECT },
		{ REPLY("00000001", "00000100", "00000000"), 1, VERDICT_ERROR },
		{ REPLY("00000001", "00006e00", "00000000"), 1, VERDICT_NO_COMPILER },
		{ REPLY("00000001", "00000009", "00000000"), 1, VERDICT_KILLED },
		{ REPLY("00000002", "00000000", "00000000"), 2, VERDICT_OBJECT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece < 200; piece += piece < 20 ? 1 : 60)
			assert_int_equal(verdict_of(rows[i].text, rows[i].version, "7f454c46", piece), rows[i].verdict);
	/* a client that expects nothing takes anything */
	assert_int_equal(verdict_of(rows[2].text, 1, NULL, 200), VERDICT_OBJECT);
	for (enum verdict verdict = VERDICT_OBJECT; verdict <= VERDICT_KILLED; verdict++)
		assert_int_equal(verdict_is_of_server(verdict),
				 verdict != VERDICT_OBJECT && verdict != VERDICT_ERROR);
}

static void what_follows_an_answer_is_nobodys(void **state)
{
	static const char text[] = REPLY("00000001", "00000000", "00000000");
	struct err err = ERR_INIT;
	struct answer answer;

	(void)state;
	answer_init(&answer, &pool);
	assert_int_equal(answer_add(&answer, 1, REPLY("00000001", "00000000", "00000000") "more", sizeof(text) + 3, &err), 1);
	assert_int_equal(answer.spool.size, sizeof(text) - 1);
	answer_clear(&answer);
	assert_fails(answer_add(&answer, 1, "HTTP/1.1 400 Bad", 16, &err), ERR_PROTOCOL, "");
	answer_clear(&answer);
	/* of another protocol than was asked */
	assert_fails(answer_add(&answer, 3, text, sizeof(text) - 1, &err), ERR_PROTOCOL, "");
	answer_release(&answer);
}

static void a_request_is_read_in_any_pieces(void **state)
{
	size_t len = strlen(REQUEST);

	(void)state;
	for (size_t piece = 1; piece <= len; piece++) {
		struct err err = ERR_INIT;
		struct intake intake;

		intake_init(&intake, &pool);
		for (size_t at = 0; at < len; at += piece) {
			assert_false(intake.whole);
			assert_ok(intake_add(&intake, REQUEST + at, len - at < piece ? len - at : piece, &err));
			assert_int_equal(intake.ready, at + piece >= len - strlen("text"));
		}
		assert_true(intake.whole);
		assert_int_equal(intake.spool.size, len);
		assert_string_equal(intake.argv0, "gcc");
		assert_fails(intake_add(&intake, "x", 1, &err), ERR_PROTOCOL, "1 bytes follow");
		intake_release(&intake);
		/* in one piece with it, too */
		intake_init(&intake, &pool);
		assert_fails(intake_add(&intake, REQUEST "yz", len + 2, &err), ERR_PROTOCOL, "2 bytes follow");
		intake_release(&intake);
	}
	assert_int_equal(pool.memory + pool.files, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_speaks_for_the_source_or_for_its_server),
		cmocka_unit_test(what_follows_an_answer_is_nobodys),
		cmocka_unit_test(a_request_is_read_in_any_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
