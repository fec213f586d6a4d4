/* GET /v1/activity: a page of JSON, or an export as CSV or JSON Lines. */
#include "net/activity_private.h"
#include "net/handlers.h"
#include "net/service_private.h"

#define EXPORT_ENTRIES_MAX 100000
#define EXPORT_BYTES_MAX ((size_t)32 << 20)
#define PAGE_BYTES_MAX ((size_t)4 << 20)
#define NEXT_HEADER "Counterfoil-Next"

enum {
    ASKED_BEFORE,
    ASKED_FORMAT,
    ASKED_FROM,
    ASKED_KEY,
    ASKED_LIMIT,
    ASKED_OBJECT,
    ASKED_ORG,
    ASKED_OUTCOME,
    ASKED_PERSON,
    ASKED_TYPE,
    ASKED_UNTIL,
    ASKED_WORDS,
    ASKED
};

static const char *const names[ASKED + 1] = {"before", "format", "from",    "key",    "limit",
                                             "object", "org",    "outcome", "person", "type",
                                             "until",  "q",      NULL};

static bool bad(struct problem *problem, size_t which, const char *what)
{
    return problem_add(problem, PROBLEM_QUERY_INVALID, names[which], "%s", what);
}

static bool read_form(struct text asked, enum activity_form *form, struct problem *problem)
{
    *form = text_is(asked, "csv")     ? ACTIVITY_CSV
            : text_is(asked, "jsonl") ? ACTIVITY_JSON_LINES
                                      : ACTIVITY_JSON;
    return asked.bytes == NULL || *form != ACTIVITY_JSON || text_is(asked, "json") ||
           bad(problem, ASKED_FORMAT, "must be json, jsonl or csv");
}

static bool read_moment(const struct text *asked, size_t which, int64_t *at,
                        struct problem *problem)
{
    return asked[which].bytes == NULL || time_parse(asked[which], at) ||
           bad(problem, which, "must be a moment like 2026-11-26T10:00:00Z");
}

static bool read_id(const struct text *asked, size_t which, const char *prefix, struct id *id,
                    struct problem *problem)
{
    return asked[which].bytes == NULL || id_parse(prefix, asked[which], id) ||
           bad(problem, which, "must be an id of that kind");
}

/* Whose activity: one's own, or that which is named. */
static bool read_org(const struct call *call, struct text asked, int64_t *org,
                     struct problem *problem)
{
    bool names_any = (call->principal.role & (ROLE_OPERATOR | ROLE_AUDITOR)) != 0;
    *org = call->principal.org;
    if (asked.bytes == NULL)
        return !names_any || bad(problem, ASKED_ORG, "is required: whose activity?");
    if (!org_parse(asked, org))
        return bad(problem, ASKED_ORG, "must be an organisation's id");
    return names_any || *org == call->principal.org ||
           problem_set(problem, PROBLEM_NOT_FOUND, "no such organisation");
}

static bool read_limits(const struct text *asked, struct activity_query *query,
                        struct problem *problem)
{
    bool page = query->form == ACTIVITY_JSON;
    query->limit = EXPORT_ENTRIES_MAX;
    query->bytes_max = page ? PAGE_BYTES_MAX : EXPORT_BYTES_MAX;
    return (page ? query_limit(asked[ASKED_LIMIT], &query->limit, problem)
                 : query_number("limit", asked[ASKED_LIMIT], 1, &query->limit, problem)) &&
           query_number("before", asked[ASKED_BEFORE], 1, &query->before, problem);
}

static bool read_query(const struct call *call, struct activity_query *query,
                       struct problem *problem)
{
    struct text asked[ASKED];
    query->permissions =
        call->principal.role == ROLE_SELLER ? call->principal.permissions : PERMISSIONS_ALL;
    if (!call_query(call, names, asked, problem) ||
        !read_form(asked[ASKED_FORMAT], &query->form, problem) ||
        !read_limits(asked, query, problem) ||
        !read_org(call, asked[ASKED_ORG], &query->org, problem) ||
        !read_moment(asked, ASKED_FROM, &query->from, problem) ||
        !read_moment(asked, ASKED_UNTIL, &query->until, problem) ||
        !read_id(asked, ASKED_PERSON, "per", &query->person, problem) ||
        !read_id(asked, ASKED_KEY, "key", &query->key, problem))
        return false;
    query->type = asked[ASKED_TYPE];
    query->object = asked[ASKED_OBJECT];
    query->outcome = asked[ASKED_OUTCOME];
    query->words = asked[ASKED_WORDS];
    if (query->outcome.bytes != NULL && !text_is(query->outcome, "accepted") &&
        !text_is(query->outcome, "refused"))
        return bad(problem, ASKED_OUTCOME, "must be accepted or refused");
    return text_is_utf8(query->words) || bad(problem, ASKED_WORDS, "must be UTF-8");
}

static void write_page_head(struct buffer *body, enum activity_form form)
{
    if (form == ACTIVITY_CSV)
        activity_head_write(body);
    else if (form == ACTIVITY_JSON)
        buffer_string(body, "{\"activity\":[");
}

static void answer_written(struct call *call, const struct activity_query *query,
                           struct buffer *body, int64_t next)
{
    static const char *const media[] = {
        [ACTIVITY_JSON] = "application/json",
        [ACTIVITY_JSON_LINES] = "application/jsonl",
        [ACTIVITY_CSV] = "text/csv; charset=utf-8",
    };
    struct http_answer answer = {.status = 200, .media_type = media[query->form]};
    if (query->form == ACTIVITY_JSON && next > 0)
        buffer_format(body, "],\"next\":%lld}", (long long)next);
    else if (query->form == ACTIVITY_JSON)
        buffer_string(body, "],\"next\":null}");
    else if (next > 0)
        http_answer_header(&answer, NEXT_HEADER,
                           arena_format(call->request->arena, "%lld", (long long)next));
    if (query->form != ACTIVITY_JSON)
        http_answer_header(&answer, "Content-Disposition",
                           query->form == ACTIVITY_CSV
                               ? TEXT("attachment; filename=\"activity.csv\"")
                               : TEXT("attachment; filename=\"activity.jsonl\""));
    http_answer_header(&answer, "Cache-Control", TEXT("no-store"));
    answer.body = buffer_view(body);
    call_answer(call, &answer);
}

void activity_handle(struct call *call)
{
    struct activity_query query = {0};
    struct problem problem;
    struct buffer body;
    int64_t next = 0;
    problem_clear(&problem);
    if (!read_query(call, &query, &problem)) {
        call_problem(call, &problem);
        return;
    }
    buffer_init(&body);
    write_page_head(&body, query.form);
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool written = activity_write(call->service->catalogue, reader, &query, &body, &next, &problem);
    store_reader_give(store, reader);
    if (written)
        answer_written(call, &query, &body, next);
    else
        call_problem(call, &problem);
    buffer_done(&body);
}
