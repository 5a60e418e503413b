/* client/toolchain.h - does a server's compiler make objects for the same machine as ours? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_TOOLCHAIN_H
#define CLIENT_TOOLCHAIN_H

#include "base/err.h"
#include "base/str.h"
#include "compiler/object.h"
#include "compiler/scan.h"

/*
 * Compares the machine, the width and the byte order of an object with those of one that the compiler
 * makes here. ERR_PROTOCOL when they differ. The usual case, a native compiler without options for
 * another target and an object for this machine, is seen without asking anybody; else the compiler
 * here compiles an empty source, once (see client/probe.h). If even that fails nothing is known,
 * which is no fault of the server.
 */
int toolchain_check(const struct scan *scan, const struct buf *object, struct err *err);

/* How the object must begin (object_kind_format()), for a gateway that looks at the servers' answers. False
 * where that is not known. ask: the compiler here, if need be; else only what is known anyway. */
bool toolchain_expect(const struct scan *scan, bool ask, char expected[OBJECT_KIND_TEXT_MAX]);

#endif
