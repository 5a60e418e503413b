/* wire/reason.h - why a job ran locally: the closed list of words that clients report and gateways count. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WIRE_REASON_H
#define WIRE_REASON_H

enum { REASON_OTHER = 0, REASON_N = 48 };	/* other: every word that is not in the list */

/* The place of a word in the list; REASON_OTHER for NULL and for words of other releases. */
int reason_find(const char *word);
/* 0..REASON_N-1; NULL for places that are not used. */
const char *reason_word(int reason);
/* the same for people: "configure tests this machine's compiler" */
const char *reason_sentence(int reason);

#endif
