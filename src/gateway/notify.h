/*
 * gateway/notify.h - telling a service manager how it stands, by the plain protocol of
 * sd_notify(3): lines "NAME=VALUE" in one datagram to the socket that NOTIFY_SOCKET names, a path or
 * an abstract name ("@..."). Without that variable nothing is said.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_NOTIFY_H
#define GATEWAY_NOTIFY_H

#include "base/err.h"

/* What a manager understands; each is sent with our process id, which --daemon changes. */
enum notify_state { NOTIFY_READY, NOTIFY_RELOADING, NOTIFY_STOPPING };

/* ERR_IO when the manager cannot be told, which changes nothing else. status: a line for people. */
int notify_manager(enum notify_state state, const char *status, struct err *err);

#endif
