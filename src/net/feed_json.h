/* An event of a feed as JSON: the same in pages, streams and webhooks. */
#pragma once

#include "act/feed.h"

/* {"act":{record},"log_index":n,"position":n} */
void feed_event_write(struct json_writer *json, const struct feed_event *event);
