/* client/summary.h - distcc --summary: what became of the jobs of a log file. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_SUMMARY_H
#define CLIENT_SUMMARY_H

#include "base/err.h"

/* On stdout: how many jobs ran where, and why each local one was local. file NULL: DISTCC_LOG. */
int summary_print(const char *file, struct err *err);

#endif
