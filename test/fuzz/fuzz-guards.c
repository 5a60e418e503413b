/* test/fuzz/fuzz-guards.c - sources as they may be; what is asked for less is not found more often. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/guards.h"
#include "test/fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct guard_warnings all = { true, true }, indentation = { true, false }, bodies = { false, true }, none = { false, false };
	bool found = guards_may_mislead((const char *)data, len, &all);

	claim(found == (guards_may_mislead((const char *)data, len, &indentation) || guards_may_mislead((const char *)data, len, &bodies)));
	claim(!guards_may_mislead((const char *)data, len, &none));
	return 0;
}
