/* net/service.h - what servers announce themselves as, and clients look for (DNS-SD). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SERVICE_H
#define NET_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#define SERVICE_TYPE "_distcc._tcp"

/* What a server says of itself in its TXT record. Numbers: 0 says none that is usable, -1 nothing. */
struct service_text {
	int jobs, cpus;
	bool lzo;			/* features= has it */
	bool has_features;
};
#define SERVICE_TEXT_INIT { -1, -1, false, false }

/* One string of it, "jobs=4". Of a key that comes twice the first counts; unknown ones are passed over. */
void service_text_add(struct service_text *text, const char *item, size_t len);
/* How many jobs at once, from 1 to HOST_LIMIT_MAX, as clients of distcc 3.4 understand it. */
int service_text_slots(const struct service_text *text);

/* What `cc WORD` prints, a line, within five seconds; NULL: there is no such compiler. Yours to free. */
char *service_ask_compiler(const char *word);

/* Servers and clients with one version of one compiler find each other by this name:
 * "_x86-64-linux-gnu--12._sub._distcc._tcp". Yours to free. */
char *service_subtype(const char *machine, const char *version);

#endif
