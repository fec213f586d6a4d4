#include "net/api.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "act/outbox.h"
#include "act/tables.h"
#include "identity/identity.h"
#include "net/address.h"
#include "net/handlers.h"
#include "net/people.h"
#include "net/secrets.h"
#include "net/service_private.h"
#include "net/signing.h"
#include "net/telling.h"

#define IDEMPOTENCY_KEY_MAX 255

struct act_call {
    struct call *call;
    struct submission submission;
    struct text secret; /* that was made for it, shown this once */
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

#define DEVICE_BYTES_MAX 300

/* What the client calls itself, if that is text. */
static struct text device_of(const struct call *call)
{
    struct text agent = http_header(call->request, "User-Agent");
    agent = text_slice(agent, 0, agent.length < DEVICE_BYTES_MAX ? agent.length : DEVICE_BYTES_MAX);
    return agent.length > 0 && text_is_utf8(agent) ? agent : TEXT_NONE;
}

static bool is_step_word(struct text word, size_t most)
{
    if (word.length == 0 || word.length > most)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        char c = word.bytes[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
              c == '/' || c == '.'))
            return false;
    }
    return true;
}

/* "services/list open, services/consent sign" */
bool api_steps(const struct call *call, struct list *steps, struct problem *problem)
{
    struct text rest = http_header(call->request, "Interface-Steps");
    struct interface_step *items =
        arena_array(call->request->arena, STEPS_MAX, sizeof(struct interface_step));
    *steps = (struct list){0, items};
    while (rest.length > 0) {
        struct text control = text_trim(text_cut(&rest, ','));
        struct text page = text_cut(&control, ' ');
        if (steps->count == STEPS_MAX || !is_step_word(page, 120) || !is_step_word(control, 60))
            return problem_set(problem, PROBLEM_BAD_REQUEST,
                               "Interface-Steps: at most %d of `page control`, with commas between "
                               "them, in lower case",
                               STEPS_MAX);
        items[steps->count++] =
            (struct interface_step){.present = 3, .control = control, .page = page};
    }
    return true;
}

void api_actor(const struct call *call, struct submission *submission)
{
    submission->act.actor = call->principal;
    submission->act.from = call->request->address;
    submission->act.request_id = call->request->request_id;
    submission->act.device = device_of(call);
    submission->arena = call->request->arena;
}

bool api_complete(const struct call *call, const struct act *act, void *body,
                  struct problem *problem)
{
    if (act->type->complete == NULL)
        return true;
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool completed = act->type->complete(reader, act, body, call->request->arena, problem);
    store_reader_give(store, reader);
    return completed;
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
    const char *prefix = act_prefix(&submission->act);
    if (text_is(TEXT("key"), prefix))
        auth_forget(service->auth, submission->act.subject);
    if (text_is(TEXT("ep"), prefix))
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
    if (act->type->subject == SUBJECT_SELF) {
        act->subject = call->principal.person;
        act->org = call->principal.org;
    } else if (act->type->subject == SUBJECT_PATH) {
        act->subject = call->subject_id;
        act->org = id_org(call->subject_id);
    } else if (act->type->org_field != NULL &&
               (call->principal.role & (ROLE_SHOP | ROLE_OPERATOR | ROLE_SUPPORT)) != 0) {
        act->org = org_of_body(act->type, act->body);
    } else {
        act->org = call->principal.org;
    }
    if (act->type->subject == SUBJECT_FIELD) {
        const struct id *named =
            member_of_body(act->type, act->body, act->type->subject_field, FIELD_ID);
        MUST(named != NULL);
        act->subject = id_in(*named, act->org);
    }
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

/* What only the door can know: it is not for the record, and may be different tomorrow. */
static bool check_act(const struct call *call, const struct submission *submission,
                      struct problem *problem)
{
    const struct act *act = &submission->act;
    if (act->type == &endpoint_created)
        return check_endpoint(call->service, submission, problem);
    if (act->type == &person_changed)
        return email_is_free(call, ((const struct person_changed_body *)act->body)->email, act->org,
                             problem);
    return true;
}

/* It is checked against rows of the organisation that the act is about; so the place, which for an
   act with a signature does not depend on the body, comes first. */
static bool read_signature(struct act_call *act_call, json_t *json, struct problem *problem)
{
    struct act *act = &act_call->submission.act;
    set_place(act_call);
    return signature_take(act_call->call, json, act, &act->signature, problem);
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
    if (!secrets_prepare(type, json, problem) || !read_signature(act_call, json, problem) ||
        !api_steps(call, &submission->act.steps, problem) ||
        !fields_read(type->fields, type->field_count, json, body, call->request->arena, problem) ||
        !api_idempotency_key(call, &submission->idempotency_key, problem) ||
        !read_if_match(call, &submission->if_match, problem))
        return false;
    set_place(act_call);
    secrets_make(call, &submission->act, body, &act_call->secret);
    return api_complete(call, &submission->act, body, problem) &&
           check_act(call, submission, problem);
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
    const char *member = secrets_member(submission->act.type);
    if (member != NULL && !submission->replayed)
        add_member(body, member, act_call->secret);
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
        if (!(*view)->single || prefix == NULL || !text_is(text_of(prefix), act_prefix(act)))
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

/* What an authenticator may, all of the person's organisations know before it is answered. */
static void copy_and_answer(struct call *call)
{
    struct act_call *act_call = call->context;
    struct problem problem;
    if (authenticators_copy_everywhere(call, act_call->submission.act.actor.person, &problem))
        answer_accepted(act_call);
    else
        call_problem(call, &problem);
}

static bool is_copied(const struct act_type *type)
{
    return type == &authenticator_removed || type == &authenticator_approved;
}

static void done(struct submission *submission)
{
    struct act_call *act_call = submission->context;
    struct call *call = act_call->call;
    struct service *service = call->service;
    api_account(service, submission);
    metrics_act(service->metrics, time_monotonic() - act_call->began_at);
    call->replayed = submission->replayed;
    call->context = act_call;
    if (!submission->accepted)
        answer_refused(act_call);
    else if (is_copied(submission->act.type))
        workers_run(service->workers, call, copy_and_answer);
    else
        answer_accepted(act_call);
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
