/*
 * test/fuzz/fuzz-deps.c - a dependency file that a server sent, or that a compiler wrote for a client's
 * source, and the head of an object. Bit 0 of the first byte: clang's way of breaking lines.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "compiler/deps.h"
#include "compiler/object.h"
#include "daemon/pumped.h"
#include "test/fuzz/harness.h"

/* The names of the first rule, each with its end. */
static void list_names(struct buf *names, const struct buf *deps)
{
	const char *at = deps_names(deps);
	struct buf name = BUF_INIT;

	while (at && deps_next_name(&at, &name)) {
		buf_add(names, name.data, name.len);
		buf_add(names, "", 1);
	}
	buf_release(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf deps = BUF_INIT, flowed = BUF_INIT, before = BUF_INIT, after = BUF_INIT;
	struct object_kind kind;

	if (!len)
		return 0;
	claim(!object_kind_read(&kind, data + 1, len - 1) || len - 1 >= OBJECT_HEAD_LEN);
	buf_add(&deps, data + 1, len - 1);
	pumped_unmap(&deps, "/R");
	claim(deps.len <= len - 1);
	list_names(&before, &deps);
	deps_reflow(&flowed, &deps, data[0] & 1);
	list_names(&after, &flowed);
	/* a carriage return may be the end of a name or of its line, which nobody can tell once blanks are gone */
	if (deps.len && memchr(deps.data, '\r', deps.len))
		goto done;
	claim(before.len == after.len && (!before.len || memcmp(before.data, after.data, before.len) == 0));
done:
	buf_release(&deps);
	buf_release(&flowed);
	buf_release(&before);
	buf_release(&after);
	return 0;
}
