/* client/explain.h - distcc --explain: what would become of a command, without running it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_EXPLAIN_H
#define CLIENT_EXPLAIN_H

#include "base/argv.h"
#include "client/settings.h"

/* On stdout: the verdict and its rule, what would be sent, and each host with its state. Returns the
 * exit status: 0 if the job would go to a host, 1 if it would run here. */
int explain_run(const struct argv *command, const struct settings *settings);

#endif
