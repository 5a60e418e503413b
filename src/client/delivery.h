/* client/delivery.h - what a server's answer becomes here: files, and messages. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_DELIVERY_H
#define CLIENT_DELIVERY_H

#include "base/err.h"
#include "client/attempt.h"
#include "client/preprocess.h"
#include "compiler/scan.h"

/* The object, and in pump mode the dependency file: each whole under its name, or as it was before. For
 * an answer with status 0. */
int delivery_write(const struct attempt *attempt, const struct scan *scan, struct err *err);

/* Standard output and error: each message once, as a local compile shows it. */
void delivery_show(const struct attempt *attempt, const struct scan *scan, const struct preprocess *cpp);

#endif
