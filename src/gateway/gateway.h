/* gateway/gateway.h - the loop process: one thread, one event loop, sockets only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "base/err.h"
#include "gateway/setup.h"

/* Runs until SIGTERM/SIGINT or until the parent is gone; privileges are dropped already. */
int gateway_run(const struct gateway_setup *setup, struct err *err);

#endif
