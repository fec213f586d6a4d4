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
void activity_handle(struct call *call);
void mail_message_handle(struct call *call);
void login_challenge_handle(struct call *call); /* login_routes.c: people */
void login_passkey_handle(struct call *call);
void login_password_handle(struct call *call);
void login_recovery_handle(struct call *call);
void login_hand_over_handle(struct call *call);
void confirm_challenge_handle(struct call *call);
void confirm_handle(struct call *call);
void logout_handle(struct call *call);
void enrolment_challenge_handle(struct call *call); /* enrolment_routes.c */
void enrolment_handle(struct call *call);
void accept_invitation_handle(struct call *call);
void me_handle(struct call *call); /* account_routes.c */
void my_sessions_handle(struct call *call);
void passkey_challenge_handle(struct call *call);
void passkey_add_handle(struct call *call);
void totp_setup_handle(struct call *call);
void totp_add_handle(struct call *call);
void password_handle(struct call *call);
void recovery_codes_handle(struct call *call);
void signing_handle(struct call *call); /* signing.c */
void state_handle(struct call *call);
void lint_handle(struct call *call);
void health_handle(struct call *call);
void metrics_handle(struct call *call);
void openapi_handle(struct call *call);
void checkpoint_handle(struct call *call);
void tile_handle(struct call *call);
void static_handle(struct call *call);
