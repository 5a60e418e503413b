/* monitor/gateway.h - the jobs of all builds of a machine, from its distcc-gateway. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_GATEWAY_H
#define MONITOR_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* The socket's path: of given ("unix:PATH"), else the first gateway of the client's host list, else
 * where gateways listen by default. *path is yours to free. */
int gateway_find(const char *given, char **path, struct err *err);

int gateway_print_jobs(const char *path, bool json, struct err *err);
/* Those after *seq; moves it. */
int gateway_print_events(const char *path, uint64_t *seq, struct err *err);

#endif
