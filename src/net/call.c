#include "net/call.h"

#include <stdio.h>

#include "net/service_private.h"

#define PAGE_DEFAULT 50
#define PAGE_MAX 500
#define RETRY_AFTER_BUSY_S 1

static void add_rate(struct call *call, struct http_answer *answer)
{
    struct buffer text;
    if (!call->rate.limited)
        return;
    buffer_init(&text);
    rate_policy_write(&text, call->service->rate);
    http_answer_header(answer, "RateLimit-Policy",
                       arena_text(call->request->arena, buffer_view(&text)));
    buffer_clear(&text);
    rate_verdict_write(&text, &call->rate);
    http_answer_header(answer, "RateLimit", arena_text(call->request->arena, buffer_view(&text)));
    buffer_done(&text);
}

void call_answer(struct call *call, struct http_answer *answer)
{
    add_rate(call, answer);
    if (call->replayed)
        http_answer_header(answer, "Idempotency-Replayed", TEXT("true"));
    http_answer(call->request, answer);
}

void call_json(struct call *call, unsigned status, const struct buffer *body)
{
    struct http_answer answer = {
        .status = status, .media_type = "application/json", .body = buffer_view(body)};
    call_answer(call, &answer);
}

static int64_t retry_after(const struct call *call, enum problem_code code)
{
    if (problem_kind(code)->status == 429)
        return call->rate.retry_after_s > 0 ? call->rate.retry_after_s : 1;
    return problem_kind(code)->status == 503 ? RETRY_AFTER_BUSY_S : 0;
}

void call_problem(struct call *call, const struct problem *problem)
{
    struct http_answer answer = {.status = problem_kind(problem->code)->status,
                                 .media_type = "application/problem+json"};
    struct buffer body;
    buffer_init(&body);
    problem_write(&body, problem, call->request->request_id);
    answer.body = buffer_view(&body);
    if (problem->code == PROBLEM_UNAUTHENTICATED)
        http_answer_header(&answer, "WWW-Authenticate", TEXT("Bearer realm=\"counterfoil\""));
    if (call->allow.length > 0)
        http_answer_header(&answer, "Allow", call->allow);
    int64_t wait = retry_after(call, problem->code);
    if (wait > 0)
        http_answer_header(&answer, "Retry-After",
                           arena_format(call->request->arena, "%lld", (long long)wait));
    call_answer(call, &answer);
    buffer_done(&body);
}

struct query_reading {
    const char *const *names;
    struct text *values;
    struct problem *problem;
    bool unknown;
};

static bool take_parameter(void *context, struct text name, struct text value)
{
    struct query_reading *reading = context;
    for (size_t i = 0; reading->names[i] != NULL; i++)
        if (text_is(name, reading->names[i])) {
            reading->values[i] = value;
            return true;
        }
    char pointer[sizeof reading->problem->errors[0].pointer];
    snprintf(pointer, sizeof pointer, "%.*s",
             TEXT_ARG(text_slice(name, 0, name.length < 64 ? name.length : 64)));
    problem_add(reading->problem, PROBLEM_QUERY_INVALID,
                text_is_utf8(text_of(pointer)) ? pointer : "?", "is not a parameter here");
    reading->unknown = true;
    return true;
}

bool call_query(const struct call *call, const char *const *names, struct text *values,
                struct problem *problem)
{
    struct query_reading reading = {.names = names, .values = values, .problem = problem};
    for (size_t i = 0; names[i] != NULL; i++)
        values[i] = TEXT_NONE;
    problem_clear(problem);
    http_query_each(call->request, take_parameter, &reading);
    return !reading.unknown;
}

bool query_number(const char *name, struct text value, int64_t least, int64_t *number,
                  struct problem *problem)
{
    uint64_t parsed;
    if (value.bytes == NULL)
        return true;
    if (!text_to_u64(value, INT64_MAX, &parsed) || (int64_t)parsed < least)
        return problem_add(problem, PROBLEM_QUERY_INVALID, name, "must be a number from %lld",
                           (long long)least);
    *number = (int64_t)parsed;
    return true;
}

bool query_limit(struct text value, int64_t *limit, struct problem *problem)
{
    *limit = PAGE_DEFAULT;
    if (!query_number("limit", value, 1, limit, problem))
        return false;
    if (*limit > PAGE_MAX)
        *limit = PAGE_MAX;
    return true;
}

/* RFC 9110 §13.1.2, weak comparison. */
bool call_matches_etag(const struct call *call, struct text etag)
{
    struct text rest = http_header(call->request, "If-None-Match");
    while (rest.length > 0) {
        struct text one = text_trim(text_cut(&rest, ','));
        if (text_starts(one, "W/"))
            one = text_slice(one, 2, one.length);
        if (text_equal(one, etag) || text_is(one, "*"))
            return true;
    }
    return false;
}
