/* test/unit/test-jobnote.c - the state file that monitors of distcc 3.4 read. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test/unit/check.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "state/jobnote.h"

enum { W = sizeof(long), FILE_AT = 3 * W, HOST_AT = FILE_AT + 128, SLOT_AT = HOST_AT + 128, PHASE_AT = SLOT_AT + 4,
       LEN = PHASE_AT + 4 + W };

static void assert_note(const char *path, const char *file, const char *host, int slot, int phase)
{
	autobuf text = BUF_INIT;
	struct err err = ERR_INIT;
	size_t size;
	unsigned long magic, pid;
	int numbers[2];

	assert_ok(file_read(path, 1000, &text, &err));
	assert_int_equal(text.len, LEN);
	memcpy(&size, text.data, W);
	memcpy(&magic, text.data + W, W);
	memcpy(&pid, text.data + 2 * W, W);
	memcpy(numbers, text.data + SLOT_AT, sizeof(numbers));
	assert_int_equal(size, LEN);
	assert_int_equal(magic, 0x44494800);
	assert_int_equal(pid, getpid());
	assert_string_equal(text.data + FILE_AT, file);
	assert_string_equal(text.data + HOST_AT, host);
	assert_int_equal(numbers[0], slot);
	assert_int_equal(numbers[1], phase);
}

/* One process has one note, so one test has its whole life. */
static void a_note_has_the_layout_of_distcc_and_follows_the_job(void **state)
{
	autofree char *path = str_format("state/binstate_%ld", (long)getpid());
	char name[200];

	(void)state;
	setenv("DISTCC_DIR", check_dir, 1);
	if (W == 8)
		assert_int_equal(LEN, 296);
	jobnote_set(JOB_PREPROCESS, NULL, "localhost", 3);
	assert_note(path, "", "localhost", 3, 3);
	jobnote_set(JOB_CONNECT, "dir/a file.c", "farm1", 0);
	assert_note(path, "a file.c", "farm1", 0, 2);
	jobnote_set(JOB_COMPILE, NULL, NULL, 0);
	assert_note(path, "a file.c", "farm1", 0, 5);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	jobnote_set(JOB_RECEIVE, name, "h", 1);
	name[127] = '\0';
	assert_note(path, name, "h", 1, 6);
	jobnote_set(JOB_RECEIVE, "short", NULL, 1);		/* nothing of the long name is left */
	assert_note(path, "short", "h", 1, 6);
	jobnote_remove();
	assert_int_equal(access(path, F_OK), -1);
	jobnote_remove();
	jobnote_set(JOB_SEND, "late", "h", 1);
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_IN_DIR(a_note_has_the_layout_of_distcc_and_follows_the_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
