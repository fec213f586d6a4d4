/* The transparency log's files (c2sp.org/tlog-tiles): anybody may read and mirror them. */
#include "act/ledger.h"
#include "net/handlers.h"
#include "net/service_private.h"

#define FOR_EVER "public, max-age=31536000, immutable"

static void answer(struct call *call, const char *media_type, const char *caching,
                   const struct buffer *body)
{
    struct http_answer answer = {
        .status = 200, .media_type = media_type, .body = buffer_view(body)};
    http_answer_header(&answer, "Cache-Control", text_of(caching));
    http_answer_header(&answer, "Access-Control-Allow-Origin", TEXT("*"));
    call_answer(call, &answer);
}

void checkpoint_handle(struct call *call)
{
    struct buffer note;
    buffer_init(&note);
    ledger_checkpoint(call->service->kernel, &note);
    answer(call, "text/plain; charset=utf-8", "no-cache", &note);
    buffer_done(&note);
}

/* A tile never changes once it can be had, partial ones neither: the width is in the path. */
void tile_handle(struct call *call)
{
    struct problem problem;
    struct buffer bytes;
    struct tile tile;
    buffer_init(&bytes);
    if (!tile_parse(call->subject, &tile)) {
        problem_set(&problem, PROBLEM_NOT_FOUND, "no tile's path");
        call_problem(call, &problem);
    } else if (!ledger_tile(call->service->kernel, &tile, &bytes, &problem)) {
        call_problem(call, &problem);
    } else {
        answer(call, "application/octet-stream", FOR_EVER, &bytes);
    }
    buffer_done(&bytes);
}
