/* client/includes.h - which files would be sent in pump mode? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_INCLUDES_H
#define CLIENT_INCLUDES_H

#include "base/argv.h"
#include "client/settings.h"

/* "distcc --scan-includes COMMAND": prints them, and returns the exit status. */
int includes_show(const struct argv *command, const struct settings *settings);

#endif
