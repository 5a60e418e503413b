/* client/doctor.h - distcc --doctor: does everything work that a build will need? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_DOCTOR_H
#define CLIENT_DOCTOR_H

#include "client/settings.h"

/*
 * For each host of the list: resolve, connect, and a real compile of one line with each compiler,
 * whose object must equal a local one. One line a step on stdout. compilers is a NULL-terminated
 * list; empty: cc and c++, as far as they are installed. Returns the exit status: 0 if all is well.
 */
int doctor_run(char *const *compilers, const struct settings *settings);

#endif
