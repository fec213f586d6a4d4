#include "net/routes.h"

#include <stdlib.h>
#include <string.h>

#include "net/handlers.h"

#define READERS (ROLE_SHOP | ROLE_SELLER | ROLE_BUYER | ROLE_AUDITOR | ROLE_OPERATOR | ROLE_SUPPORT)
#define SUBJECT TEXT("{subject}")

static const struct route_parameter feed_parameters[] = {
    {"after", "{\"minimum\":0,\"type\":\"integer\"}", "Position of the last event that you have."},
    {"limit", "{\"default\":50,\"maximum\":500,\"minimum\":1,\"type\":\"integer\"}",
     "How many events at most; more are not an error, but not given."},
    {NULL, NULL, NULL},
};
static const struct route_parameter stream_parameters[] = {
    {"after", "{\"minimum\":0,\"type\":\"integer\"}",
     "Where to start, unless `Last-Event-ID` says it; absent: from now."},
    {"subject", "{\"type\":\"string\"}", "Only events of this object."},
    {NULL, NULL, NULL},
};

#define MOMENT "{\"format\":\"date-time\",\"type\":\"string\"}"
#define WORD "{\"type\":\"string\"}"
static const struct route_parameter activity_parameters[] = {
    {"before", "{\"minimum\":1,\"type\":\"integer\"}",
     "Where to go on: `next` of the page before."},
    {"format", "{\"default\":\"json\",\"enum\":[\"json\",\"jsonl\",\"csv\"],\"type\":\"string\"}",
     "A page, or an export of up to 100,000 entries; then the header field Counterfoil-Next says "
     "where to go on."},
    {"from", MOMENT, "Not before then."},
    {"key", WORD, "Done with this API key."},
    {"limit", "{\"minimum\":1,\"type\":\"integer\"}", "How many entries at most."},
    {"object", WORD, "About this one."},
    {"org", WORD, "Of which organisation; operators and auditors say so."},
    {"outcome", "{\"enum\":[\"accepted\",\"refused\"],\"type\":\"string\"}",
     "What came to be, or what was only tried."},
    {"person", WORD, "Done by this person."},
    {"q", WORD, "These words are somewhere in it."},
    {"type", WORD, "Of this type, or `service.` for all that begin so."},
    {"until", MOMENT, "Before then."},
    {NULL, NULL, NULL},
};

static const struct route fixed_routes[] = {
    {.method = "GET",
     .path = "/v1/activity",
     .handle = activity_handle,
     .roles = ROLE_SELLER | ROLE_SUPPORT | ROLE_AUDITOR | ROLE_OPERATOR,
     .permission = PERMISSION_PEOPLE,
     .name = "readActivity",
     .doc = "Who did that? Each act of an organisation, also what was refused, newest first: who, "
            "for whom, when, from where, with which authenticator, by which steps, what was before "
            "and after, and why.",
     .media_type = "application/json",
     .answer = "Activity",
     .status = 200,
     .parameters = activity_parameters},
    {.method = "GET",
     .path = "/v1/subscriptions/{subject}/acts",
     .handle = timeline_handle,
     .roles = ROLE_SHOP | ROLE_SELLER | ROLE_AUDITOR | ROLE_OPERATOR,
     .subject_prefix = "sub",
     .name = "readSubscriptionActs",
     .doc = "The subscription's timeline: the records of its acts, oldest first.",
     .media_type = "application/json",
     .answer = "Timeline",
     .status = 200,
     .parameters = feed_parameters},
    {.method = "GET",
     .path = "/v1/subscriptions/{subject}/evidence",
     .handle = evidence_handle,
     .roles = ROLE_SHOP | ROLE_SELLER | ROLE_AUDITOR | ROLE_OPERATOR,
     .subject_prefix = "sub",
     .name = "readSubscriptionEvidence",
     .doc = "The subscription's acts with proofs that the log holds them; `counterfoil verify` "
            "checks them and the owner's signature offline.",
     .media_type = "application/json",
     .answer = "Evidence",
     .status = 200},
    {.method = "POST",
     .path = "/v1/shipments",
     .handle = bulk_ship_handle,
     .roles = ROLE_SELLER,
     .name = "shipOrders",
     .doc = "Ships many orders; each has its own answer.",
     .media_type = "application/json",
     .request = "Shipments",
     .answer = "ShipmentResults",
     .status = 200},
    {.method = "GET",
     .path = "/v1/feed",
     .handle = feed_pull_handle,
     .roles = READERS,
     .name = "readFeed",
     .doc = "Everything that happened, in order, from a position on.",
     .media_type = "application/json",
     .answer = "FeedPage",
     .status = 200,
     .parameters = feed_parameters},
    {.method = "GET",
     .path = "/v1/feed/stream",
     .handle = feed_stream_handle,
     .roles = READERS,
     .name = "streamFeed",
     .doc = "The same as server-sent events: `id` is the position, `event` the act's type, `data` "
            "an event of the feed.",
     .media_type = "text/event-stream",
     .status = 200,
     .parameters = stream_parameters},
    {.method = "GET",
     .path = "/v1/orders/{subject}/acts",
     .handle = timeline_handle,
     .roles = READERS,
     .subject_prefix = "ord",
     .name = "readOrderActs",
     .doc = "The order's timeline: the records of its acts, oldest first.",
     .media_type = "application/json",
     .answer = "Timeline",
     .status = 200,
     .parameters = feed_parameters},
    {.method = "GET",
     .path = "/v1/orders/{subject}/evidence",
     .handle = evidence_handle,
     .roles = READERS,
     .subject_prefix = "ord",
     .name = "readEvidence",
     .doc = "The order's acts that you are party to, with proofs that the log holds them; "
            "`counterfoil verify` checks it offline.",
     .media_type = "application/json",
     .answer = "Evidence",
     .status = 200},
    {.method = "POST",
     .path = "/v1/endpoints/{subject}/replay",
     .handle = endpoint_replay_handle,
     .roles = ROLE_SHOP | ROLE_SELLER,
     .subject_prefix = "ep",
     .name = "replayEndpoint",
     .doc = "Sends the events after one position and through another again.",
     .media_type = "application/json",
     .request = "Replay",
     .answer = "Replay",
     .status = 202},
    {.method = "POST",
     .path = "/v1/login/challenge",
     .handle = login_challenge_handle,
     .is_page_only = true,
     .name = "challengeLogin",
     .doc = "A challenge to log in with a passkey that the browser finds itself.",
     .media_type = "application/json",
     .answer = "Challenge",
     .status = 200},
    {.method = "POST",
     .path = "/v1/login/passkey",
     .handle = login_passkey_handle,
     .is_page_only = true,
     .name = "loginWithPasskey",
     .doc = "Logs in with a passkey. The answer sets the session cookie; so do the "
            "other log-ins.",
     .media_type = "application/json",
     .request = "Assertion",
     .answer = "PersonNamed",
     .status = 200},
    {.method = "POST",
     .path = "/v1/login/password",
     .handle = login_password_handle,
     .is_page_only = true,
     .name = "loginWithPassword",
     .doc = "Logs in with password and TOTP code.",
     .media_type = "application/json",
     .request = "PasswordAndCode",
     .answer = "PersonNamed",
     .status = 200},
    {.method = "POST",
     .path = "/v1/login/recovery",
     .handle = login_recovery_handle,
     .is_page_only = true,
     .name = "loginWithRecoveryCode",
     .doc = "Logs in with a recovery code (and the password, if there is one), to "
            "register a new authenticator. What is sensitive waits.",
     .media_type = "application/json",
     .request = "PasswordAndCode",
     .answer = "PersonNamed",
     .status = 200},
    {.method = "POST",
     .path = "/v1/login/hand-over",
     .handle = login_hand_over_handle,
     .is_page_only = true,
     .name = "loginByHandOver",
     .doc = "Logs a buyer in by the shop's signed hand-over.",
     .media_type = "application/json",
     .request = "HandOver",
     .answer = "PersonNamed",
     .status = 200},
    {.method = "POST",
     .path = "/v1/enrolment/challenge",
     .handle = enrolment_challenge_handle,
     .is_page_only = true,
     .name = "challengeEnrolment",
     .doc = "What somebody who was invited needs to make an account.",
     .media_type = "application/json",
     .request = "Invitation",
     .answer = "Challenge",
     .status = 200},
    {.method = "POST",
     .path = "/v1/enrolment",
     .handle = enrolment_handle,
     .is_page_only = true,
     .name = "enrol",
     .doc = "Makes an account with a passkey, or with password and TOTP, accepts the "
            "invitation and logs in.",
     .media_type = "application/json",
     .request = "Enrolment",
     .answer = "PersonNamed",
     .status = 200},
    {.method = "POST",
     .path = "/v1/invitations/accept",
     .handle = accept_invitation_handle,
     .roles = ROLE_PERSON,
     .name = "acceptInvitation",
     .doc = "Accepts an invitation with the account that you have.",
     .media_type = "application/json",
     .request = "Invitation",
     .answer = "PersonNamed",
     .status = 200},
    {.method = "GET",
     .path = "/v1/me",
     .handle = me_handle,
     .roles = ROLE_PERSON,
     .name = "readMe",
     .doc = "Who you are, and what you may act for.",
     .media_type = "application/json",
     .answer = "Me",
     .status = 200},
    {.method = "GET",
     .path = "/v1/me/sessions",
     .handle = my_sessions_handle,
     .roles = ROLE_PERSON,
     .name = "listMySessions",
     .doc = "Where you are logged in.",
     .media_type = "application/json",
     .answer = "MySessions",
     .status = 200},
    {.method = "GET",
     .path = "/v1/me/feed",
     .handle = feed_pull_handle,
     .roles = ROLE_PERSON,
     .name = "readMyFeed",
     .doc = "What happened with your account: log-ins, authenticators, attempts.",
     .media_type = "application/json",
     .answer = "FeedPage",
     .status = 200,
     .parameters = feed_parameters},
    {.method = "POST",
     .path = "/v1/me/logout",
     .handle = logout_handle,
     .roles = ROLE_PERSON,
     .name = "logOut",
     .doc = "Ends this session.",
     .media_type = "application/json",
     .answer = "PersonNamed",
     .status = 200},
    {.method = "POST",
     .path = "/v1/me/session/challenge",
     .handle = confirm_challenge_handle,
     .roles = ROLE_PERSON,
     .name = "challengeConfirmation",
     .doc = "A challenge to confirm with a passkey that it is still you.",
     .media_type = "application/json",
     .answer = "Challenge",
     .status = 200},
    {.method = "POST",
     .path = "/v1/me/session/confirm",
     .handle = confirm_handle,
     .roles = ROLE_PERSON,
     .name = "confirmSession",
     .doc = "Confirms that it is still you, with a passkey or with password and code; "
            "the cookie changes.",
     .media_type = "application/json",
     .request = "Confirmation",
     .answer = "PersonNamed",
     .status = 200},
    {.method = "POST",
     .path = "/v1/me/passkeys/challenge",
     .handle = passkey_challenge_handle,
     .roles = ROLE_PERSON,
     .name = "challengePasskey",
     .doc = "A challenge to register another passkey.",
     .media_type = "application/json",
     .answer = "Challenge",
     .status = 200},
    {.method = "POST",
     .path = "/v1/me/passkeys",
     .handle = passkey_add_handle,
     .roles = ROLE_PERSON,
     .name = "addPasskey",
     .doc = "Registers another passkey. What is sensitive waits for it, unless an "
            "older one approves it.",
     .media_type = "application/json",
     .request = "NewPasskey",
     .answer = "RowAuthenticators",
     .status = 201},
    {.method = "POST",
     .path = "/v1/me/totp/setup",
     .handle = totp_setup_handle,
     .roles = ROLE_PERSON,
     .name = "setUpTotp",
     .doc = "The seed for a TOTP generator.",
     .media_type = "application/json",
     .answer = "TotpSetup",
     .status = 200},
    {.method = "POST",
     .path = "/v1/me/totp",
     .handle = totp_add_handle,
     .roles = ROLE_PERSON,
     .name = "addTotp",
     .doc = "Registers the generator, with a code of it.",
     .media_type = "application/json",
     .request = "NewTotp",
     .answer = "RowAuthenticators",
     .status = 201},
    {.method = "POST",
     .path = "/v1/me/password",
     .handle = password_handle,
     .roles = ROLE_PERSON,
     .name = "setPassword",
     .doc = "Sets the password.",
     .media_type = "application/json",
     .request = "NewPassword",
     .answer = "PersonNamed",
     .status = 200},
    {.method = "POST",
     .path = "/v1/me/recovery-codes",
     .handle = recovery_codes_handle,
     .roles = ROLE_PERSON,
     .name = "makeRecoveryCodes",
     .doc = "Makes ten recovery codes, shown this once; older ones are void.",
     .media_type = "application/json",
     .answer = "RecoveryCodes",
     .status = 201},
    {.method = "POST",
     .path = "/v1/signing",
     .handle = signing_handle,
     .roles = ROLE_PERSON,
     .name = "readTerms",
     .doc = "The exact terms of an act and the challenge to sign them with.",
     .media_type = "application/json",
     .request = "SigningWish",
     .answer = "Terms",
     .status = 200},
    {.method = "GET",
     .path = "/v1/mails/{subject}/message",
     .handle = mail_message_handle,
     .roles = ROLE_SELLER | ROLE_AUDITOR | ROLE_OPERATOR,
     .permission = PERMISSION_PEOPLE,
     .subject_prefix = "mail",
     .name = "readMailMessage",
     .doc = "What a notice by mail says; where mails go into a folder, with the file's content.",
     .media_type = "application/json",
     .answer = "MailMessage",
     .status = 200},
    {.method = "POST",
     .path = "/v1/messages/lint",
     .handle = lint_handle,
     .is_work = true,
     .name = "lintMessage",
     .doc = "What the message rules say of a message before it is sent; nothing is kept. Reasons "
            "are in `reader_language`, or as `Accept-Language` asks. Without a key the address's "
            "requests are limited as a key's are.",
     .media_type = "application/json",
     .request = "LintRequest",
     .answer = "LintResult",
     .status = 200},
    {.method = "GET",
     .path = "/v1/state",
     .handle = state_handle,
     .name = "readState",
     .doc = "What this server is and how it stands.",
     .media_type = "application/json",
     .answer = "State",
     .status = 200},
    {.method = "GET",
     .path = "/log/checkpoint",
     .handle = checkpoint_handle,
     .name = "readCheckpoint",
     .doc = "The transparency log's newest signed checkpoint (c2sp.org/tlog-checkpoint).",
     .media_type = "text/plain",
     .status = 200},
    {.method = "GET",
     .path = "/log/*",
     .handle = tile_handle,
     .name = "readTile",
     .doc = "A tile or entry bundle of the log (c2sp.org/tlog-tiles).",
     .media_type = "application/octet-stream",
     .status = 200},
    {.method = "GET",
     .path = "/healthz",
     .handle = health_handle,
     .name = "readHealth",
     .doc = "Can acts be committed?",
     .media_type = "text/plain",
     .status = 200},
    {.method = "GET",
     .path = "/metrics",
     .handle = metrics_handle,
     .name = "readMetrics",
     .doc = "Prometheus text format.",
     .media_type = "text/plain",
     .status = 200},
    {.method = "GET",
     .path = "/openapi.json",
     .handle = openapi_handle,
     .name = "readOpenapi",
     .doc = "This description.",
     .media_type = "application/json",
     .status = 200},
    {.method = "GET",
     .path = "/",
     .handle = static_handle,
     .name = "readConsole",
     .doc = "The console, for people.",
     .media_type = "text/html",
     .status = 200},
    /* The console's files; last, because it takes what no other route does. */
    {.method = "GET", .path = "/*", .handle = static_handle},
};

struct routes {
    size_t count;
    struct route *all;
};

static struct route act_route(const struct act_type *type)
{
    return (struct route){
        .method = type->method,
        .path = type->path,
        .handle = act_handle,
        .roles = type->roles,
        .subject_prefix = type->subject == SUBJECT_PATH ? type->subject_prefix : NULL,
        .act = type,
    };
}

static struct route view_route(const struct view *view)
{
    return (struct route){
        .method = "GET",
        .path = view->path,
        .handle = view_handle,
        /* Support sees what those see who let it in. */
        .roles = view->roles | ((view->roles & ROLE_SELLER) != 0 ? (unsigned)ROLE_SUPPORT : 0),
        .permission = view->permission,
        .subject_prefix = strstr(view->path, "{subject}") != NULL ? view->subject_prefix : NULL,
        .view = view,
    };
}

struct routes *routes_new(const struct catalogue *catalogue)
{
    struct routes *routes = calloc(1, sizeof *routes);
    size_t acts = 0;
    size_t views = 0;
    while (catalogue->acts[acts] != NULL)
        acts++;
    while (catalogue->views[views] != NULL)
        views++;
    MUST(routes != NULL);
    routes->all = calloc(acts + views + COUNT_OF(fixed_routes), sizeof *routes->all);
    MUST(routes->all != NULL);
    for (size_t i = 0; i < acts; i++)
        if (catalogue->acts[i]->path != NULL)
            routes->all[routes->count++] = act_route(catalogue->acts[i]);
    for (size_t i = 0; i < views; i++)
        routes->all[routes->count++] = view_route(catalogue->views[i]);
    memcpy(routes->all + routes->count, fixed_routes, sizeof fixed_routes);
    routes->count += COUNT_OF(fixed_routes);
    return routes;
}

void routes_free(struct routes *routes)
{
    if (routes == NULL)
        return;
    free(routes->all);
    free(routes);
}

size_t routes_count(const struct routes *routes)
{
    return routes->count;
}

const struct route *routes_get(const struct routes *routes, size_t index)
{
    MUST(index < routes->count);
    return &routes->all[index];
}

static bool matches(struct text pattern, struct text path, struct text *subject)
{
    *subject = TEXT_NONE;
    while (pattern.length > 0 && path.length > 0) {
        struct text wanted = text_cut(&pattern, '/');
        if (text_is(wanted, "*")) {
            *subject = path;
            return true;
        }
        bool last = memchr(path.bytes, '/', path.length) == NULL;
        struct text given = text_cut(&path, '/');
        if (text_equal(wanted, SUBJECT))
            *subject = given;
        else if (!text_equal(wanted, given))
            return false;
        if (last != (pattern.length == 0))
            return false; /* also tells "/v1/orders/" from "/v1/orders" */
    }
    return pattern.length == 0 ? path.length == 0 : text_is(pattern, "*");
}

static bool is_method(const struct route *route, struct text method)
{
    return text_is(method, route->method) ||
           (text_is(method, "HEAD") && text_is(text_of(route->method), "GET"));
}

static void add_allowed(struct buffer *allow, const char *method)
{
    struct text rest = buffer_view(allow);
    while (rest.length > 0)
        if (text_is(text_trim(text_cut(&rest, ',')), method))
            return;
    buffer_format(allow, "%s%s", allow->length == 0 ? "" : ", ", method);
    if (strcmp(method, "GET") == 0)
        buffer_string(allow, ", HEAD");
}

const struct route *routes_find(const struct routes *routes, struct text method, struct text path,
                                struct text *subject, struct buffer *allow, struct problem *problem)
{
    struct text rest = text_slice(path, path.length == 0 ? 0 : 1, path.length);
    for (size_t i = 0; i < routes->count; i++) {
        const struct route *route = &routes->all[i];
        struct text pattern = text_of(route->path + 1);
        if (!matches(pattern, rest, subject))
            continue;
        if (is_method(route, method))
            return route;
        if (!(allow->length > 0 && text_is(pattern, "*")))
            add_allowed(allow, route->method);
    }
    if (allow->length > 0)
        problem_set(problem, PROBLEM_METHOD_NOT_ALLOWED, "it takes %.*s",
                    TEXT_ARG(buffer_view(allow)));
    else
        problem_set(problem, PROBLEM_NOT_FOUND, "no such path");
    return NULL;
}
