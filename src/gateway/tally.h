/*
 * gateway/tally.h - what a gateway has counted, on its way to the one that replaces it. A count is
 * in one place only: what was given is zero here, and the successor, who has added it, is the one to
 * ask. Lines of a scope, a name and a number, such as
 *
 *   count<TAB>done<TAB>17
 *   server<TAB>build7:3632<TAB>failed<TAB>2
 *   server<TAB>build7:3632<TAB>usual-us<TAB>812000
 *   build<TAB>1000<TAB>LABEL<TAB>done<TAB>3
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_TALLY_H
#define GATEWAY_TALLY_H

#include "gateway/state.h"

/* All that is not zero. */
void tally_give(struct gateway *gateway, struct buf *out);
/* What was learned of the servers: their speed, and which are down. That is no count: it stays true here, too. */
void tally_give_experience(const struct gateway *gateway, struct buf *out);
/* Adds whole lines; text is used up. What this release does not know is left out. What is told of a server
 * that is not known is kept: zeroconf may find it later. */
void tally_take(struct gateway *gateway, char *text);
/* There is one more server: what was kept may be its. */
void tally_server_added(struct gateway *gateway);
/* Jobs that were alive over there, when nothing more will be heard of them. */
void tally_close(struct gateway *gateway);

#endif
