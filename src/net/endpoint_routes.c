/* Sending events to an endpoint again. */
#include "act/outbox.h"
#include "net/api.h"
#include "net/handlers.h"
#include "net/service_private.h"

struct replay_body {
    uint32_t present;
    int64_t after, through;
};

#define BODY struct replay_body
static const struct field replay_fields[] = {
    FIELD(BODY, after, FIELD_INT, .required = true, .min = 0, .max = JSON_INTEGER_MAX,
          .doc = "The position before the first event."),
    FIELD(BODY, through, FIELD_INT, .required = true, .min = 1, .max = JSON_INTEGER_MAX,
          .doc = "The position of the last."),
};
#undef BODY

static bool read_replay(const struct call *call, struct replay_body *body, struct problem *problem)
{
    json_t *json = api_body(call, problem);
    bool read = json != NULL && fields_read(replay_fields, COUNT_OF(replay_fields), json, body,
                                            call->request->arena, problem);
    json_free(json);
    if (!read)
        return false;
    if (body->through <= body->after)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/through", "must be more than `after`");
    return true;
}

/* An endpoint is told to send again only by whose it is, and while it is in use. */
static bool find_endpoint(const struct call *call, struct problem *problem)
{
    struct endpoint_row row = {.org = id_org(call->subject_id), .id = call->subject_id};
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool found = false;
    bool read = reader_load(reader, &endpoints_table, &row, call->request->arena, &found, problem);
    store_reader_give(store, reader);
    if (!read)
        return false;
    return (found && row.org == call->principal.org && row.removed_at == 0 &&
            row.disabled_at == 0) ||
           problem_set(problem, PROBLEM_NOT_FOUND, "no such endpoint in use");
}

void endpoint_replay_handle(struct call *call)
{
    struct replay_body body = {0};
    struct problem problem;
    problem_clear(&problem);
    if (!find_endpoint(call, &problem) || !read_replay(call, &body, &problem) ||
        !webhooks_replay(call->service->webhooks, call->principal.org, call->subject_id, body.after,
                         body.through, &problem)) {
        call_problem(call, &problem);
        return;
    }
    struct buffer answer;
    buffer_init(&answer);
    struct json_writer json = json_writer(&answer);
    fields_write(&json, replay_fields, COUNT_OF(replay_fields), &body);
    call_json(call, 202, &answer);
    buffer_done(&answer);
}
