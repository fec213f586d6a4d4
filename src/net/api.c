#include "net/api.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "act/outbox.h"
#include "act/tables.h"
#include "identity/identity.h"
#include "net/address.h"
#include "net/handlers.h"
#include "net/service_private.h"
#include "net/telling.h"

#define IDEMPOTENCY_KEY_MAX 255

struct act_call {
    struct call *call;
    struct submission submission;
    struct text key; /* of key.created: its text, shown this once */
    int64_t began_at;
};

/* What all acts share. */

static bool is_json(struct text media)
{
    struct text type = text_trim(text_cut(&media, ';'));
    return type.length == strlen("application/json") &&
           strncasecmp(type.bytes, "application/json", type.length) == 0;
}

json_t *api_body(const struct call *call, struct problem *problem)
{
    struct text body = call->request->body;
    struct text media = http_header(call->request, "Content-Type");
    if (body.length > API_BODY_MAX) {
        problem_set(problem, PROBLEM_BODY_TOO_LARGE, "at most %zu bytes", API_BODY_MAX);
        return NULL;
    }
    if ((body.length > 0 || media.length > 0) && !is_json(media)) {
        problem_set(problem, PROBLEM_UNSUPPORTED_MEDIA, "bodies are application/json");
        return NULL;
    }
    return json_read(body.length == 0 ? TEXT("{}") : body, problem);
}

bool api_idempotency_key(const struct call *call, struct text *key, struct problem *problem)
{
    *key = http_header(call->request, "Idempotency-Key");
    if (key->bytes == NULL)
        return true;
    bool visible = key->length > 0 && key->length <= IDEMPOTENCY_KEY_MAX;
    for (size_t i = 0; i < key->length && visible; i++)
        visible = key->bytes[i] > ' ' && key->bytes[i] < 0x7f;
    if (!visible)
        return problem_set(problem, PROBLEM_IDEMPOTENCY_KEY_INVALID, "%zu bytes were sent",
                           key->length);
    *key = arena_text(call->request->arena, *key);
    return true;
}

struct digest api_request_digest(const struct call *call, const json_t *body)
{
    struct buffer canonical;
    buffer_init(&canonical);
    json_canonical(&canonical, body);
    const struct text pieces[] = {call->request->method, TEXT(" "), call->request->path, TEXT("\n"),
                                  buffer_view(&canonical)};
    struct digest digest = digest_of_pieces(pieces, COUNT_OF(pieces));
    buffer_done(&canonical);
    return digest;
}

void api_actor(const struct call *call, struct submission *submission)
{
    submission->act.actor = call->principal;
    submission->act.from = call->request->address;
    submission->act.request_id = call->request->request_id;
    submission->arena = call->request->arena;
}

void api_refusal(struct submission *submission)
{
    struct problem *problem = &submission->problem;
    char act[ID_TEXT_BYTES];
    if (!submission->recorded || submission->accepted)
        return;
    id_format("act", submission->act.id, act);
    problem->extension =
        arena_format(submission->arena, "\"act\":\"%s\"%s%.*s", act,
                     problem->extension.length > 0 ? "," : "", TEXT_ARG(problem->extension));
}

void api_account(struct service *service, const struct submission *submission)
{
    const struct act_type *type = submission->act.type;
    if (text_is(TEXT("key"), type->subject_prefix))
        auth_forget(service->auth, submission->act.subject);
    if (text_is(TEXT("ep"), type->subject_prefix))
        webhooks_changed(service->webhooks);
}

bool api_shown_act(const struct problem *problem, struct id *act)
{
    struct buffer object;
    struct problem unused;
    if (problem->extension.length == 0)
        return false;
    buffer_init(&object);
    buffer_format(&object, "{%.*s}", TEXT_ARG(problem->extension));
    json_t *json = json_read(buffer_view(&object), &unused);
    buffer_done(&object);
    const json_t *id = json_object_get(json_object_get(json, "cancel_request"), "id");
    bool shown = json_is_string(id) && id_parse("cr", json_string_view(id), act);
    json_free(json);
    return shown;
}

/* One act. */

static bool read_if_match(const struct call *call, int64_t *version, struct problem *problem)
{
    struct text value = text_trim(http_header(call->request, "If-Match"));
    uint64_t number;
    *version = 0;
    if (value.length == 0 || text_is(value, "*"))
        return true;
    if (value.length < 3 || value.bytes[0] != '"' || value.bytes[value.length - 1] != '"' ||
        !text_to_u64(text_slice(value, 1, value.length - 1), INT64_MAX, &number) || number == 0)
        return problem_set(problem, PROBLEM_PRECONDITION_FAILED,
                           "If-Match must be one ETag as it was answered");
    *version = (int64_t)number;
    return true;
}

static const void *member_of_body(const struct act_type *type, const void *body, const char *name,
                                  enum field_type kind)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0 && type->fields[i].type == kind)
            return (const char *)body + type->fields[i].offset;
    return NULL;
}

static int64_t org_of_body(const struct act_type *type, const void *body)
{
    int64_t org = ORG_MARKETPLACE;
    const void *member = member_of_body(type, body, type->org_field, FIELD_ORG);
    if (member != NULL)
        memcpy(&org, member, sizeof org);
    return org;
}

/* Whose act it is, and about what. */
static void set_place(struct act_call *act_call)
{
    const struct call *call = act_call->call;
    struct act *act = &act_call->submission.act;
    if (act->type->subject == SUBJECT_PATH) {
        act->subject = call->subject_id;
        act->org = id_org(call->subject_id);
    } else if (act->type->org_field != NULL &&
               (call->principal.role & (ROLE_SHOP | ROLE_OPERATOR | ROLE_SUPPORT)) != 0) {
        act->org = org_of_body(act->type, act->body);
    } else {
        act->org = call->principal.org;
    }
    if (act->type->subject == SUBJECT_FIELD)
        memcpy(&act->subject,
               member_of_body(act->type, act->body, act->type->subject_field, FIELD_ID),
               sizeof act->subject);
    if (act->type->subject == SUBJECT_FIELD)
        act->subject = id_in(act->subject, act->org);
}

/* The secret is made here; of it the act records the digest alone. */
static bool hide_secret(json_t *json, struct problem *problem)
{
    static const char nothing[] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    if (json_object_get(json, "secret") != NULL)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/secret", "is made by the server");
    MUST(!json_is_object(json) || json_object_set_new(json, "secret", json_string(nothing)) == 0);
    return true;
}

static void make_secret(struct act_call *act_call, struct key_created_body *body)
{
    struct act *act = &act_call->submission.act;
    char text[KEY_TEXT_BYTES];
    act->subject = id_new(act->org);
    key_secret_new((enum role)(1U << body->role), act->subject, text, &body->secret);
    act_call->key = arena_text(act_call->call->request->arena, text_of(text));
    explicit_bzero(text, sizeof text);
}

/* A request that came before gets its answer again, whatever was added since. */
static bool came_before(struct reader *reader, const struct submission *submission, bool *before,
                        struct problem *problem)
{
    *before = false;
    if (submission->idempotency_key.length == 0)
        return true;
    struct idempotency_row key = submission_key(submission, submission->arena);
    return reader_load(reader, &idempotency_table, &key, submission->arena, before, problem);
}

/* Requests at the same moment may pass together: the limit is against heaps, not exact. */
static bool has_place(struct service *service, const struct submission *submission,
                      struct problem *problem)
{
    static const char sql[] = "SELECT count(*) FROM endpoints WHERE org = ?1 "
                              "AND removed_at IS NULL AND disabled_at IS NULL";
    const struct value org = VALUE_OF_INT(submission->act.org);
    struct store *store = kernel_store(service->kernel);
    struct reader *reader = store_reader_take(store);
    int64_t count = 0;
    bool before = false;
    bool read = reader_number(reader, sql, &org, 1, &count, problem) &&
                came_before(reader, submission, &before, problem);
    store_reader_give(store, reader);
    return read && (before || count < ENDPOINTS_MAX ||
                    problem_set(problem, PROBLEM_TOO_MANY_ENDPOINTS,
                                "an organisation has at most %d", ENDPOINTS_MAX));
}

static bool check_endpoint(struct service *service, const struct submission *submission,
                           struct problem *problem)
{
    const struct endpoint_created_body *body = submission->act.body;
    const struct endpoint_event *events = body->events.items;
    for (size_t i = 0; i < body->events.count; i++)
        if (catalogue_act(service->catalogue, events[i].type) == NULL) {
            char pointer[40];
            snprintf(pointer, sizeof pointer, "/events/%zu/type", i);
            return problem_add(problem, PROBLEM_BODY_INVALID, pointer, "is no type of act");
        }
    return (service->options.webhook_allow_private || address_url_check(body->url, problem)) &&
           has_place(service, submission, problem);
}

static bool read_act(struct act_call *act_call, json_t *json, struct problem *problem)
{
    const struct call *call = act_call->call;
    const struct act_type *type = call->route->act;
    struct submission *submission = &act_call->submission;
    void *body = arena_take(call->request->arena, type->body_bytes);
    submission->act.type = type;
    submission->act.body = body;
    submission->request = api_request_digest(call, json);
    api_actor(call, submission);
    if (type == &key_created && !hide_secret(json, problem))
        return false;
    if (!fields_read(type->fields, type->field_count, json, body, call->request->arena, problem) ||
        !api_idempotency_key(call, &submission->idempotency_key, problem) ||
        !read_if_match(call, &submission->if_match, problem))
        return false;
    set_place(act_call);
    if (type == &key_created)
        make_secret(act_call, body);
    return type != &endpoint_created || check_endpoint(call->service, submission, problem);
}

/* Appends a member to the object that BODY holds. */
static void add_member(struct buffer *body, const char *name, struct text value)
{
    struct json_writer json = {body, true};
    body->length--;
    json_member(&json, name, value);
    json_close(&json);
}

static bool add_secrets(const struct act_call *act_call, struct buffer *body,
                        struct problem *problem)
{
    const struct submission *submission = &act_call->submission;
    if (submission->act.type == &key_created && !submission->replayed)
        add_member(body, "key", act_call->key);
    if (submission->act.type != &endpoint_created)
        return true;
    struct buffer secret;
    buffer_init(&secret);
    bool made = webhook_secret(act_call->call->service->webhooks, submission->act.subject, &secret,
                               problem);
    if (made)
        add_member(body, "secret", buffer_view(&secret));
    buffer_done(&secret);
    return made;
}

/* Where the subject can be read: the view of single rows of its kind. */
static void add_location(const struct act_call *act_call, struct http_answer *answer)
{
    const struct act *act = &act_call->submission.act;
    const struct call *call = act_call->call;
    const struct view *const *view = call->service->catalogue->views;
    for (; *view != NULL; view++) {
        const char *prefix = (*view)->subject_prefix;
        if (!(*view)->single || prefix == NULL ||
            !text_is(text_of(prefix), act->type->subject_prefix))
            continue;
        char id[ID_TEXT_BYTES];
        const char *place = strstr((*view)->path, "{subject}");
        id_format(prefix, act->subject, id);
        http_answer_header(answer, "Location",
                           arena_format(call->request->arena, "%.*s%s",
                                        (int)(place - (*view)->path), (*view)->path, id));
        return;
    }
}

static void answer_accepted(struct act_call *act_call)
{
    struct call *call = act_call->call;
    const struct submission *submission = &act_call->submission;
    struct http_answer answer = {.status = 201, .media_type = "application/json"};
    struct problem problem;
    struct buffer body;
    buffer_init(&body);
    submission_write(&body, submission);
    if (add_secrets(act_call, &body, &problem)) {
        answer.body = buffer_view(&body);
        http_answer_header(
            &answer, "ETag",
            arena_format(call->request->arena, "\"%lld\"", (long long)submission->act.seq));
        add_location(act_call, &answer);
        call_answer(call, &answer);
    } else {
        call_problem(call, &problem);
    }
    buffer_done(&body);
}

static void answer_refused(struct act_call *act_call)
{
    struct call *call = act_call->call;
    struct submission *submission = &act_call->submission;
    struct kernel *kernel = call->service->kernel;
    struct telling telling;
    struct id shown;
    telling_init(&telling, call);
    if (call->principal.role == ROLE_SELLER && api_shown_act(&submission->problem, &shown))
        telling_add(&telling, submission->act.org, shown);
    api_refusal(submission);
    call_problem(call, &submission->problem);
    telling_send(&telling, kernel, MEANS_ANSWER);
    telling_done(&telling);
}

static void done(struct submission *submission)
{
    struct act_call *act_call = submission->context;
    struct service *service = act_call->call->service;
    api_account(service, submission);
    metrics_act(service->metrics, time_monotonic() - act_call->began_at);
    act_call->call->replayed = submission->replayed;
    if (submission->accepted)
        answer_accepted(act_call);
    else
        answer_refused(act_call);
}

void act_handle(struct call *call)
{
    struct problem problem;
    struct act_call *act_call = ARENA_NEW(call->request->arena, struct act_call);
    act_call->call = call;
    act_call->began_at = time_monotonic();
    act_call->submission.done = done;
    act_call->submission.context = act_call;
    problem_clear(&problem);
    json_t *json = api_body(call, &problem);
    bool ready = json != NULL && read_act(act_call, json, &problem);
    json_free(json);
    if (ready)
        kernel_submit(call->service->kernel, &act_call->submission);
    else
        call_problem(call, &problem);
}
