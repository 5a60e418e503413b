/* client/delivery.c - see delivery.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/delivery.h"

#include <stdlib.h>

#include "base/fd.h"
#include "base/str.h"
#include "compiler/deps.h"
#include "client/colours.h"
#include "client/messages.h"
#include "client/output.h"
#include "compiler/family.h"

static int write_file(const char *name, const struct buf *content, struct err *err)
{
	autooutput output = OUTPUT_INIT;

	if (output_open(&output, name, err) < 0 ||
	    fd_write_full(output.fd, content->data, content->len, -1, err) < 0)
		return -1;
	return output_place(&output, err);
}

int delivery_write(const struct attempt *attempt, const struct scan *scan, struct err *err)
{
	autobuf deps = BUF_INIT;

	if (attempt->sources && scan->wants_deps) {
		deps_reflow(&deps, &attempt->reply.deps, scan->family == FAMILY_CLANG);
		if (write_file(scan->deps_file, &deps, err) < 0)
			return -1;
	}
	return write_file(scan->command.words[scan->output_at], &attempt->reply.object, err);
}

static void show(int fd, const struct buf *text)
{
	if (text->len)
		fd_write_full(fd, text->data, text->len, -1, NULL);
}

void delivery_show(const struct attempt *attempt, const struct scan *scan, const struct preprocess *cpp)
{
	autobuf cpp_said = BUF_INIT, all = BUF_INIT, coloured = BUF_INIT;
	const struct buf *server_said = &attempt->reply.serr;
	/* not as other variables: empty it means something */
	const char *gcc_colours = getenv("GCC_COLORS");

	if (gcc_colours && scan->family != FAMILY_CLANG && server_said->len) {
		colours_convert(&coloured, server_said, gcc_colours);
		server_said = &coloured;
	}
	if (attempt->sources) {
		/* a server that preprocesses says what a local compiler would */
		show(2, server_said);
	} else {
		preprocess_messages(cpp, &cpp_said);
		messages_merge(&all, &cpp_said, server_said, scan);
		show(2, &all);
	}
	show(1, &attempt->reply.sout);
}
