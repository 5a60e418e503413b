/* test/fuzz/harness.h - what libFuzzer calls, and what a harness claims about every input. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HARNESS_H
#define HARNESS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* As assert(), whatever NDEBUG says. */
#define claim(condition) do {								\
	if (!(condition)) {								\
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);	\
		abort();								\
	}										\
} while (0)

#endif
