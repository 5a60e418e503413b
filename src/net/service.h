/* net/service.h - what servers announce themselves as, and clients look for (DNS-SD). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_SERVICE_H
#define NET_SERVICE_H

#define SERVICE_TYPE "_distcc._tcp"

/* What `cc WORD` prints, a line, within five seconds; NULL: there is no such compiler. Yours to free. */
char *service_ask_compiler(const char *word);

/* Servers and clients with one version of one compiler find each other by this name:
 * "_x86-64-linux-gnu--12._sub._distcc._tcp". Yours to free. */
char *service_subtype(const char *machine, const char *version);

#endif
