/*
 * Metrics: what the service counts beyond the kernel's and the HTTP server's own counters, and
 * /metrics in the Prometheus text format 0.0.4. Any thread.
 */
#pragma once

#include "base/text.h"

struct service;
struct metrics;

void metrics_free(struct metrics *metrics);
struct metrics *metrics_new(void) OWNED_BY(metrics_free);
/* An act was answered this long after its request was read. */
void metrics_act(struct metrics *metrics, int64_t span_us);
void metrics_write(struct buffer *out, struct service *service);
