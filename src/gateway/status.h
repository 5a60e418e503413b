/* gateway/status.h - what a person, a program and a client are told about a running gateway. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_STATUS_H
#define GATEWAY_STATUS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "gateway/state.h"

void status_render_text(struct buf *out, const struct gateway *gateway);
void status_render_json(struct buf *out, const struct gateway *gateway);
/* What a client asks: "slots=N" and "features=lzo,cpp". */
void status_render_farm(struct buf *out, const struct gateway *gateway, bool json);

/* Asks the gateway that listens at path and prints its answer to stdout. */
int status_show(const char *path, bool json, struct err *err);

#endif
