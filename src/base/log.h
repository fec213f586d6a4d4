/*
 * The server's own log (not the transparency log): one JSON object a line on standard error.
 *
 *     log_event(LOG_WARN, "webhook.failed", "endpoint", endpoint, "status", "503", NULL);
 *
 * Events are dotted names; fields are pairs of strings ended by NULL. Never pass a secret, a body
 * or a person's data. Safe from any thread.
 */
#pragma once

#include "base/problem.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level least);
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
void log_problem(enum log_level level, const char *event, const struct problem *problem);
