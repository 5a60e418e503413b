/* client/farm.h - the client's host list, with the servers that +zeroconf stands for. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_FARM_H
#define CLIENT_FARM_H

#include "hosts/source.h"

/*
 * As hosts_load(). Where +zeroconf stands in it the servers come that `lsdistcc --zeroconf`
 * has found; it is started when none runs, and waited for, two seconds at most. *nobody (not NULL) says why
 * there are none of these; the rest of the list is as good as ever.
 */
int farm_load(struct host_list *list, char **source, struct err *nobody, struct err *err);

#endif
