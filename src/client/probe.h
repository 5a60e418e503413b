/* client/probe.h - questions to a compiler on this machine, whose answers are kept in a file. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_PROBE_H
#define CLIENT_PROBE_H

#include "base/argv.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Gives the answer that is kept for this question (a command; its first word is the compiler), or else
 * calls ask() and keeps what it gives. An answer is forgotten when the compiler's file, this machine or
 * its processor is another one. Where nothing can be kept (see state/statedir.h) each question is asked anew.
 */
int probe(const struct argv *question,
	  int (*ask)(const struct argv *question, struct buf *answer, struct err *err),
	  struct buf *answer, struct err *err);

#endif
