/* gateway/status.h - what a person, a program and a client are told about a running gateway. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_STATUS_H
#define GATEWAY_STATUS_H

#include <stdbool.h>

#include "base/str.h"
#include "gateway/state.h"

void status_render_text(struct buf *out, const struct gateway *gateway);
void status_render_json(struct buf *out, const struct gateway *gateway);
/* What a client asks: "slots=N" and "features=lzo,cpp". */
void status_render_farm(struct buf *out, const struct gateway *gateway, bool json);

/* Parts of the JSON, for the page: ", key: value" for each figure, and one server. */
void status_add_json_figures(struct buf *out, const struct gateway *gateway);
void status_add_json_server(struct buf *out, const struct server *server, int64_t now_ms);

#endif
