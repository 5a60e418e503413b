/* monitor/search.h - the command line of lsdistcc: which names, and what makes a host good. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_SEARCH_H
#define MONITOR_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum { SEARCH_NAMES_MAX = 500, SEARCH_NAME_LEN = 200 };

struct search {
	int whole_s, dns_ms, connect_ms, compile_ms;	/* -t -h -c -k; the last two 0: not done */
	int match_bits, overlap, gap, port, protocol;	/* -m -o -g -r -P */
	const char *compiler;				/* -p, or NULL */
	bool latency, numeric, show_down, add_domain;	/* -l -n -x -d */
	int verbosity;					/* -v */
	char *const *operands;				/* ends in NULL */
	const char *domain;				/* found for -d, or NULL */
};

/* False: the usage is to be shown. */
bool search_parse(struct search *search, char *const *argv);

/* Are the names made of a format ("distcc%d")? Then the first one that does not resolve ends them. */
bool search_counts(const struct search *search);
/* Name number i, from 0; NULL after the last. Yours to free. */
char *search_name(const struct search *search, int i);

/* "name[:port][,lzo[,cpp]][,down][ ms]" with a newline. */
void search_format(struct buf *out, const struct search *search, const char *name, bool up, long latency_ms);

#endif
