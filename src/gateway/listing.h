/* gateway/listing.h - jobs, events and builds, one a line. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_LISTING_H
#define GATEWAY_LISTING_H

#include <stdbool.h>

#include "base/str.h"
#include "gateway/state.h"

struct peer;

/* "Preprocess", "Blocked", "Connect", "Send", "Compile", "Receive": as distccmon-text calls them. */
const char *listing_phase(const struct peer *peer);

/* The jobs that live, oldest first: "ID PHASE FILE SERVER[SLOT] BUILD", or one JSON object a line. */
void listing_jobs(struct buf *out, const struct gateway *gateway, bool json);
/* What happened after event `since`, one JSON object a line. */
void listing_events(struct buf *out, const struct feed *feed, uint64_t since);
/* What the builds came to; label NULL: all. JSON: one object a line. */
void listing_builds(struct buf *out, const struct feed *feed, const char *label, bool json);

/* The objects, for other views. */
void listing_add_job(struct buf *out, const struct peer *peer, int64_t now_ms);
void listing_add_event(struct buf *out, const struct feed_event *event);
void listing_add_build(struct buf *out, const struct feed_build *build);
/* {"option": 3, ...}: the reasons that occurred. */
void listing_add_reasons(struct buf *out, const uint64_t local[REASON_N]);

#endif
