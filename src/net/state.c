/* How the service stands: /v1/state, /healthz, /metrics, /openapi.json. */
#include "act/kernel.h"
#include "act/outbox.h"
#include "net/handlers.h"
#include "net/service_private.h"

static void write_log(struct json_writer *json, const struct service_options *options,
                      const struct kernel_state *state)
{
    json_name(json, "log");
    json_open(json);
    json_member(json, "origin", text_of(options->log_origin));
    json_name(json, "root");
    json_base64(json, state->log_root.bytes, DIGEST_BYTES);
    json_member_int(json, "size", (int64_t)state->log_size);
    json_member(json, "vkey", text_of(options->log_vkey));
    json_close(json);
}

static void write_acts(struct json_writer *json, const struct kernel_state *state)
{
    json_name(json, "acts");
    json_open(json);
    json_member_int(json, "accepted", (int64_t)state->accepted);
    json_member_int(json, "refused", (int64_t)state->refused);
    json_member_int(json, "waiting", (int64_t)state->waiting);
    json_close(json);
}

void state_handle(struct call *call)
{
    const struct service *service = call->service;
    struct kernel_state state;
    struct buffer body;
    kernel_state(service->kernel, &state);
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    write_acts(&json, &state);
    write_log(&json, &service->options, &state);
    json_member(&json, "name", TEXT("Counterfoil"));
    json_name(&json, "started_at");
    json_time(&json, service->started_at);
    json_member(&json, "store", text_of(store_engine(kernel_store(service->kernel))));
    json_member(&json, "version", text_of(service->options.version));
    json_close(&json);
    call_json(call, 200, &body);
    buffer_done(&body);
}

/* Writes a row and takes it away: a commit without a change would not touch the disk. */
static bool probe_store(struct service *service, struct problem *problem)
{
    struct endpoint_cursor_row row = {.org = ORG_MARKETPLACE, .endpoint = id_new(ORG_MARKETPLACE)};
    struct row_slot slots[] = {
        {.table = &endpoint_cursors_table, .row = &row, .changed = true},
        {.table = &endpoint_cursors_table, .row = &row, .found = true, .removed = true}};
    struct row_slot *const list[] = {&slots[0], &slots[1]};
    return kernel_save(service->kernel, LEASE_NONE, list, COUNT_OF(list), problem);
}

/* Where the last commit failed, the store is asked anew, by one request at a time. */
static bool store_works(struct service *service, struct problem *problem)
{
    struct kernel_state state;
    kernel_state(service->kernel, &state);
    if (!state.store_fails)
        return true;
    if (atomic_exchange(&service->probing, true))
        return problem_set(problem, PROBLEM_STORE_FAILED, "the last commit failed");
    bool works = probe_store(service, problem);
    atomic_store(&service->probing, false);
    return works;
}

void health_handle(struct call *call)
{
    struct service *service = call->service;
    const struct service_options *options = &service->options;
    struct problem problem;
    if (!store_works(service, &problem) ||
        (options->healthy != NULL && !options->healthy(options->healthy_context, &problem))) {
        call_problem(call, &problem);
    } else {
        struct http_answer answer = {
            .status = 200, .media_type = "text/plain; charset=utf-8", .body = TEXT("ok\n")};
        call_answer(call, &answer);
    }
}

void metrics_handle(struct call *call)
{
    struct http_answer answer = {.status = 200,
                                 .media_type = "text/plain; version=0.0.4; charset=utf-8"};
    struct buffer body;
    buffer_init(&body);
    metrics_write(&body, call->service);
    answer.body = buffer_view(&body);
    call_answer(call, &answer);
    buffer_done(&body);
}

void openapi_handle(struct call *call)
{
    struct http_answer answer = {.status = 200,
                                 .media_type = "application/json",
                                 .body = buffer_view(&call->service->openapi)};
    call_answer(call, &answer);
}
