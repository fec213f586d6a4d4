#include "net/service.h"

#include <stdlib.h>

#include "base/log.h"
#include "net/openapi.h"
#include "net/service_private.h"
#include "net/sessions.h"

/* An address that keeps sending keys which do not exist: what it may do at once, and steadily. */
#define FAILURES_BURST 30
#define FAILURES_PER_SECOND 2
#define WORKERS 2 /* passwords that are hashed at one time: 64 MiB each */

/* Counts a failure. Only failures meet this limit: behind a proxy all clients have one address, and
   who has a key must not suffer from who has none. */
static void count_failure(struct call *call, struct problem *problem)
{
    struct rate_verdict rate =
        rate_take(call->service->failures, call->request->address, time_monotonic());
    if (!rate.limited || rate.allowed)
        return;
    call->rate = rate;
    problem_set(problem, PROBLEM_RATE_LIMITED, "too many attempts without a valid key");
}

/* A key where there is one, else the cookie. */
static bool claim(struct call *call, struct problem *problem)
{
    struct text authorization = http_header(call->request, "Authorization");
    bool has_session = false;
    if (authorization.length == 0 && !session_claim(call, &call->claim, &has_session, problem))
        return false;
    return has_session || auth_claim(authorization, &call->claim, problem);
}

static bool authenticate(struct call *call, struct problem *problem)
{
    const struct service *service = call->service;
    struct http_request *request = call->request;
    if (claim(call, problem) &&
        auth_check(service->auth, &call->claim, request->arena, &call->principal, problem))
        return true;
    if (problem->code == PROBLEM_UNAUTHENTICATED)
        count_failure(call, problem);
    return false;
}

static bool limit(struct call *call, struct text name, const char *who, struct problem *problem)
{
    call->rate = rate_take(call->service->rate, name, time_monotonic());
    return !call->rate.limited || call->rate.allowed ||
           problem_set(problem, PROBLEM_RATE_LIMITED, "this %s asks too often", who);
}

static bool limit_key(struct call *call, struct problem *problem)
{
    struct text name = {(const char *)call->claim.key.bytes, sizeof call->claim.key.bytes};
    return limit(call, name, "key", problem);
}

static bool is_of_one_org(enum role role)
{
    return (role & (ROLE_SELLER | ROLE_SUPPORT | ROLE_PERSON)) != 0;
}

/* Ids of another organisation are as if they did not exist. */
static bool read_subject(struct call *call, struct problem *problem)
{
    const char *prefix = call->route->subject_prefix;
    if (prefix == NULL)
        return true;
    if (!id_parse(prefix, call->subject, &call->subject_id) ||
        (is_of_one_org(call->principal.role) && id_org(call->subject_id) != call->principal.org))
        return problem_set(problem, PROBLEM_NOT_FOUND, "no such id");
    return true;
}

static bool admit_anybody(struct call *call, struct problem *problem)
{
    if (!call->route->is_work)
        return !call->route->is_page_only || same_site_check(call, problem);
    if (http_header(call->request, "Authorization").length > 0)
        return authenticate(call, problem) && limit_key(call, problem);
    return limit(call, call->request->address, "address", problem);
}

static bool admit(struct call *call, struct problem *problem)
{
    if (call->route->roles == 0)
        return admit_anybody(call, problem);
    if (!authenticate(call, problem) || !limit_key(call, problem) || !read_subject(call, problem))
        return false;
    if ((call->route->roles & (unsigned)call->principal.role) == 0)
        return problem_set(problem, PROBLEM_FORBIDDEN, "keys of role %s may not",
                           role_name(call->principal.role));
    if (call->claim.is_session)
        session_touch(call);
    return true;
}

/* It is nobody's act: there may be no session, or one whose person knows nothing of it. */
static void note_refusal(const struct call *call, const struct problem *problem)
{
    if (problem->code != PROBLEM_CROSS_SITE)
        return;
    metrics_cross_site(call->service->metrics);
    log_event(LOG_WARN, "request.cross_site", "method", call->route->method, "path",
              call->route->path, "why", problem->detail, NULL);
}

static void handle(void *context, struct http_request *request)
{
    struct call *call = ARENA_NEW(request->arena, struct call);
    struct problem problem;
    struct buffer allow;
    call->service = context;
    call->request = request;
    buffer_init(&allow);
    call->route = routes_find(call->service->routes, request->method, request->path, &call->subject,
                              &allow, &problem);
    if (call->route == NULL)
        call->allow = arena_text(request->arena, buffer_view(&allow));
    buffer_done(&allow);
    if (call->route == NULL) {
        call_problem(call, &problem);
    } else if (!admit(call, &problem)) {
        note_refusal(call, &problem);
        call_problem(call, &problem);
    } else {
        call->route->handle(call);
    }
}

static bool start_webhooks(struct service *service, struct problem *problem)
{
    const struct service_options *options = &service->options;
    const struct webhook_options webhook = {
        .kernel = options->kernel,
        .feed = service->feed,
        .allow_private = options->webhook_allow_private,
        .time_scale = options->webhook_time_scale,
        .version = options->version,
        .derive = options->derive,
        .derive_context = options->derive_context,
    };
    service->webhooks = webhooks_new(&webhook, problem);
    return service->webhooks != NULL;
}

static bool start_mail(struct service *service, struct problem *problem)
{
    struct mail_options mail = service->options.mail;
    mail.kernel = service->kernel;
    mail.feed = service->feed;
    return mailer_new(&mail, &service->mailer, problem);
}

static bool start(struct service *service, struct problem *problem)
{
    service->workers = workers_new(WORKERS, problem);
    if (service->workers == NULL)
        return false;
    service->rules = rules_new(service->options.rules, problem);
    if (service->rules == NULL || !start_webhooks(service, problem) ||
        !start_mail(service, problem))
        return false;
    service->http =
        http_server_new(service->options.listen, &service->options.http, handle, service, problem);
    if (service->http == NULL)
        return false;
    atomic_store(&service->port, http_server_port(service->http));
    return true;
}

static void dispose(struct service *service)
{
    http_server_free(service->http);
    workers_free(service->workers);
    attempts_free(service->attempts);
    webhooks_free(service->webhooks);
    mailer_free(service->mailer);
    rules_free(service->rules);
    metrics_free(service->metrics);
    streams_free(service->streams);
    feed_free(service->feed);
    rate_free(service->failures);
    rate_free(service->rate);
    auth_free(service->auth);
    routes_free(service->routes);
    buffer_done(&service->openapi);
    free(service);
}

struct service *service_new(const struct service_options *options, struct problem *problem)
{
    struct service *service = calloc(1, sizeof *service);
    MUST(service != NULL);
    service->options = *options;
    service->kernel = options->kernel;
    service->catalogue = kernel_catalogue(options->kernel);
    service->started_at = time_now();
    service->routes = routes_new(service->catalogue);
    service->auth = auth_new(service->kernel);
    service->rate = rate_new(options->rate_per_second, options->rate_burst);
    service->failures =
        rate_new(options->rate_per_second == 0 ? 0 : FAILURES_PER_SECOND, FAILURES_BURST);
    service->attempts = attempts_new();
    service->feed = feed_new(service->catalogue);
    service->streams = streams_new(service->kernel);
    service->metrics = metrics_new();
    buffer_init(&service->openapi);
    openapi_write(&service->openapi, service->catalogue, options->version);
    if (!start(service, problem)) {
        dispose(service);
        return NULL;
    }
    return service;
}

void service_quiesce(struct service *service)
{
    http_server_quiesce(service->http);
}

bool service_reload_rules(struct service *service, struct problem *problem)
{
    return rules_reload(service->rules, problem);
}

unsigned service_port(const struct service *service)
{
    return http_server_port(service->http);
}

void service_free(struct service *service)
{
    if (service != NULL)
        dispose(service);
}
