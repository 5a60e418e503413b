/* test/unit/check.h - what every unit test uses: cmocka, and a test that leaves no descriptor open. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECK_H
#define CHECK_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/tmp.h"

static inline int check_n_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

enum { CHECK_S = 120 };		/* no test takes so long: one that waits in vain ends, and with it its program */

static inline int check_begin(void **state)
{
	static int before;

	alarm(CHECK_S);
	before = check_n_descriptors();
	*state = &before;
	return 0;
}

static inline int check_end(void **state)
{
	int before = *(int *)*state;

	assert_int_equal(check_n_descriptors(), before);
	return 0;
}

/* One row of the table of tests. The test must not change *state. */
#define CHECK(test) cmocka_unit_test_setup_teardown(test, check_begin, check_end)

/*
 * The same in a new directory that is the current one. It is removed after the test, and kept and named
 * when the test fails: only a test that came to its end sets check_passed.
 */
static char check_dir[] = "/tmp/check-XXXXXX";
static bool check_passed;
static void (*check_test)(void **state);

static inline void check_run(void **state)
{
	check_test(state);
	check_passed = true;
}

static inline int check_begin_in_dir(void **state)
{
	check_test = (void (*)(void **))*state;
	check_passed = false;
	strcpy(check_dir + sizeof(check_dir) - 7, "XXXXXX");
	if (!mkdtemp(check_dir) || chdir(check_dir) < 0)
		return -1;
	return check_begin(state);
}

static inline int check_end_in_dir(void **state)
{
	if (chdir("/") < 0)
		return -1;
	if (check_passed)
		assert_int_equal(tmp_dir_remove(check_dir, NULL), 0);
	else
		fprintf(stderr, "kept: %s\n", check_dir);
	return check_end(state);
}

#define CHECK_IN_DIR(test) { #test, check_run, check_begin_in_dir, check_end_in_dir, (void *)(test) }

/* A call that must succeed; its sentence is shown when it does not. `call` uses `err`. */
#define assert_ok(call) do {							\
	err_clear(&err);							\
	if ((call) < 0)								\
		fail_msg("%s failed: %s", #call, err.text);			\
} while (0)

/* A call that must fail with the code and with a sentence that holds `words`. */
#define assert_fails(call, wanted, words) do {					\
	err_clear(&err);							\
	if ((call) >= 0)							\
		fail_msg("%s did not fail", #call);				\
	assert_int_equal(err.code, wanted);					\
	if (!strstr(err.text, words))						\
		fail_msg("%s said '%s', without '%s'", #call, err.text, words);	\
} while (0)

#endif
