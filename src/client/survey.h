/* client/survey.h - the state of one host of the list, as far as it can be had without a job. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_SURVEY_H
#define CLIENT_SURVEY_H

#include <stdbool.h>

#include "base/clock.h"
#include "client/settings.h"
#include "hosts/spec.h"

struct survey {
	bool usable;			/* a job would be tried there now */
	bool is_here;			/* localhost in the list */
	char text[512];			/* one sentence: what is there, or what is wrong and the remedy */
};

/* Looks at the back-off files and the locks, asks a gateway, connects to a server and closes again.
 * ssh hosts are not called: a login may ask for a password. */
void survey_host(struct survey *survey, const struct host_spec *host, const struct settings *settings,
		 struct deadline deadline);

/* The gateway's own word for a unix: host: slots, and "lzo,cpp"; -1 if it is none, or silent. */
int survey_gateway(const struct host_spec *host, struct deadline deadline, int *slots,
		   char features[64], struct err *err);

#endif
