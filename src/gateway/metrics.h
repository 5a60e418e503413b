/* gateway/metrics.h - the figures in OpenMetrics form, for Prometheus and its kin. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include "base/str.h"
#include "gateway/state.h"

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

void metrics_render(struct buf *out, const struct gateway *gateway);

#endif
