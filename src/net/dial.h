/* net/dial.h - from a host list entry to a stream. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "base/clock.h"
#include "base/err.h"
#include "hosts/spec.h"
#include "net/stream.h"

/*
 * HOST_TCP (through DISTCC_SOCKS_PROXY when that is set), HOST_SSH, and HOST_UNIX with ",raw".
 * ERR_CONNECT, ERR_TIMEOUT: the sentence names host, address and cause. For other kinds of host
 * ERR_HOSTSPEC. With ",auth" the server knows us when this returns (net/auth.h). A unix host never goes through the proxy.
 */
int dial(const struct host_spec *host, struct deadline deadline, struct stream *stream, struct err *err);

#endif
