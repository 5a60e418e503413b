/* client/usage.h - the client's own options, which compile nothing. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_USAGE_H
#define CLIENT_USAGE_H

#include <stdbool.h>

/* Runs --help, --version, --show-hosts, --show-principal or -j; false if the word is none of them. */
bool usage_run(const char *word);

#endif
