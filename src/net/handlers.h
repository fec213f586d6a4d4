/* What routes lead to. Each handler answers its call, now or later; see routes.c for the table. */
#pragma once

#include "net/call.h"

void act_handle(struct call *call);  /* api.c: any act type */
void view_handle(struct call *call); /* views.c: any view */
void bulk_ship_handle(struct call *call);
void feed_pull_handle(struct call *call);
void feed_stream_handle(struct call *call);
void timeline_handle(struct call *call);
void evidence_handle(struct call *call);
void endpoint_replay_handle(struct call *call);
void state_handle(struct call *call);
void lint_handle(struct call *call);
void health_handle(struct call *call);
void metrics_handle(struct call *call);
void openapi_handle(struct call *call);
void checkpoint_handle(struct call *call);
void tile_handle(struct call *call);
void static_handle(struct call *call);
