/* daemon/plain.h - a job of version 1 or 2: its text becomes a file of the job's directory, and the command names it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_PLAIN_H
#define DAEMON_PLAIN_H

#include "base/err.h"
#include "compiler/scan.h"
#include "wire/request.h"

/* dir, open as dir_fd, is empty; the object will be there by the name of object_name. */
int plain_prepare(struct request *request, const struct scan_request *scan, const char *dir,
		  int dir_fd, const char *object_name,
		  struct err *err);

#endif
