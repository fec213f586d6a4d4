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
/* A request came from a page that is none of ours, and was refused. */
void metrics_cross_site(struct metrics *metrics);
void metrics_write(struct buffer *out, struct service *service);
