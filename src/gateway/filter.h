/* gateway/filter.h - is the socket filter on? Always, but for one test build: filter-on.c or
 * filter-off.c is chosen at link time, so no switch of the shipped program can turn it off. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_FILTER_H
#define GATEWAY_FILTER_H

#include <stdbool.h>

bool handoff_filter_enabled(void);

#endif
