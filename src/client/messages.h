/*
 * client/messages.h - one compiler's messages, made of those that two programs gave.
 *
 * The preprocessor here and the compiler on the server read the same text in turn, so each says some
 * things that the other repeats, and some that only it can know. A compiler that does the whole work
 * in one go would have said each once.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_MESSAGES_H
#define CLIENT_MESSAGES_H

#include "base/str.h"
#include "compiler/scan.h"

/*
 * Adds the messages of both to out, each once, in the order of the source. gcc counts columns as a
 * terminal shows them if it has the source, else in bytes: a server's are counted anew here, so that
 * they are those of a local compile. What they quote of the source stays as it is.
 */
void messages_merge(struct buf *out, const struct buf *here, const struct buf *server,
		    const struct scan *scan);

#endif
