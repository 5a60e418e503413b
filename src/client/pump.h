/*
 * client/pump.h - sources and headers for a server that preprocesses: asked of the include server,
 * made into one request, and compared with what the server's compiler says it read.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_PUMP_H
#define CLIENT_PUMP_H

#include <stdbool.h>

#include "base/argv.h"
#include "base/err.h"
#include "base/str.h"
#include "compiler/scan.h"
#include "hosts/spec.h"

struct pump {
	bool is_tried;			/* once per job is enough */
	const char *plain_because;	/* one word; NULL: the request is usable */
	bool is_unreachable;		/* ...because the include server cannot be talked to */
	struct buf request;		/* all of it, protocol 3 */
	struct argv mirror;		/* the include server's names */
	struct argv sent;		/* the client's names of the files among them */
	struct argv system_dirs;	/* whose contents are the server's own */
};
#define PUMP_INIT { false, NULL, false, BUF_INIT, ARGV_INIT, ARGV_INIT, ARGV_INIT }
void pump_release(struct pump *pump);

/* Is this host asked to preprocess? A gateway knows itself whether one of its servers can. */
bool pump_is_wanted(const struct host_spec *host);

/* Asks the include server and makes the request; the second time it does nothing. Whether it can be
 * used is in plain_because; the sentence about it in *err. */
void pump_prepare(struct pump *pump, const struct scan *scan, struct err *err);

/*
 * Compares a dependency file, as the server returned it, with what was sent. False when the compiler
 * read something that this machine does not have so: *which is its name.
 */
bool pump_verify(const struct pump *pump, const struct buf *deps, char **which);

#endif
