#include "act/evidence.h"
#include "net/handlers.h"
#include "net/service_private.h"
#include "net/views.h"

static bool write_bundle(const struct call *call, struct buffer *bundle, struct problem *problem)
{
    static const char *const names[] = {NULL};
    const struct service_options *options = &call->service->options;
    struct text unused[1];
    bool visible;
    if (!call_query(call, names, unused, problem) ||
        !views_see(call, call->route->subject_prefix, call->subject_id, &visible, problem))
        return false;
    if (!visible)
        return problem_set(problem, PROBLEM_NOT_FOUND, "no such id");
    return evidence_write(call->service->kernel, id_org(call->subject_id), call->subject_id,
                          &call->principal, options->witnesses, options->witness_count, bundle,
                          problem);
}

void evidence_handle(struct call *call)
{
    struct problem problem;
    struct buffer bundle;
    buffer_init(&bundle);
    if (write_bundle(call, &bundle, &problem))
        call_json(call, 200, &bundle);
    else
        call_problem(call, &problem);
    buffer_done(&bundle);
}
