/*
 * Sessions of people: from the cookie to a principal.
 *
 * A person wears one of several hats: their own account's, a member's of an organisation, the
 * marketplace's staff's, a buyer's. Which one a request wears follows from the roles that may do
 * what it asks and from the organisation that it names: by an id in its path, or by the field
 * `Counterfoil-Org`. Rows are read at every request: who was removed, or whose session was ended,
 * is out at once, on every node.
 *
 * The cookie is `<26 characters of the session's id>.<43 of its secret>`, HttpOnly and
 * SameSite=Strict, with the prefix __Host- where the console is served by https. Requests that
 * change something must come from a page of ours: an Origin of ours, Sec-Fetch-Site (where the
 * browser sends it) same-origin, and the field Counterfoil-Client, which no form can send.
 */
#pragma once

#include "identity/people.h"
#include "net/call.h"

/* The cookie's claim, if there is one; *found says so. */
MUST_CHECK bool session_claim(const struct call *call, struct claim *claim, bool *found,
                              struct problem *problem);
/* Is it true now, and which hat does it wear? */
MUST_CHECK bool session_check(struct kernel *kernel, const struct claim *claim, struct arena *arena,
                              struct principal *principal, struct problem *problem);
/* Notes that the session was used, once a minute at most. */
void session_touch(struct call *call);

/* PROBLEM_CROSS_SITE unless the request comes from a page of ours. */
MUST_CHECK bool same_site_check(const struct call *call, struct problem *problem);
bool origin_is_ours(const struct service *service, struct text origin);

/* Sets or clears the session's cookie. SECRET is its text. */
void session_cookie_add(const struct call *call, struct http_answer *answer, struct id session,
                        struct text secret);
void session_cookie_remove(const struct call *call, struct http_answer *answer);
/* What the device cookie holds, hashed; a fresh cookie is made where there is none. */
struct text device_key_of(const struct call *call, struct text *fresh);
void device_cookie_add(const struct call *call, struct http_answer *answer, struct text fresh);

/* The person's own row. */
MUST_CHECK bool person_load(const struct call *call, struct id person, struct person_row *row,
                            struct problem *problem);
