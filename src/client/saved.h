/* client/saved.h - DISTCC_SAVE_TEMPS: what was sent, and what a server's compiler said, as files. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_SAVED_H
#define CLIENT_SAVED_H

#include <stddef.h>

/* With DISTCC_SAVE_TEMPS=1 a new file TMPDIR/PREFIX_xxxxxxxxSUFFIX (0600), whose name is logged. Failure is logged, too. */
void saved_keep(const char *prefix, const char *suffix, const char *bytes, size_t len);

#endif
