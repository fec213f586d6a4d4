/* The console's files, as the build put them into the program. */
#include "base/embedded.h"
#include "net/handlers.h"
#include "net/service_private.h"

#define HASH_DIGITS 8

static const struct embedded_file *find_file(struct text path)
{
    if (path.length == 0)
        path = TEXT("index.html");
    for (const struct embedded_file *file = embedded_console; file->path != NULL; file++)
        if (text_is(path, file->path))
            return file;
    return NULL;
}

static bool is_hash_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* "main-1A2B3C4D.js": such a name is never used for other bytes. */
static bool is_hashed(struct text path)
{
    size_t dot = path.length;
    while (dot > 0 && path.bytes[dot - 1] != '.')
        dot--;
    if (dot < HASH_DIGITS + 2 || path.bytes[dot - 2 - HASH_DIGITS] != '-')
        return false;
    for (size_t i = dot - 1 - HASH_DIGITS; i < dot - 1; i++)
        if (!is_hash_digit(path.bytes[i]))
            return false;
    return true;
}

void static_handle(struct call *call)
{
    const struct embedded_file *file = find_file(call->subject);
    struct problem problem;
    if (file == NULL) {
        problem_set(&problem, PROBLEM_NOT_FOUND, "no such path");
        call_problem(call, &problem);
        return;
    }
    struct http_answer answer = {.status = 200, .media_type = file->media_type};
    http_answer_header(&answer, "ETag", text_of(file->etag));
    http_answer_header(&answer, "Cache-Control",
                       is_hashed(call->subject) ? TEXT("public, max-age=31536000, immutable")
                                                : TEXT("no-cache"));
    if (call_matches_etag(call, text_of(file->etag))) {
        answer.status = 304;
    } else {
        answer.body = (struct text){(const char *)file->bytes, file->length};
        answer.body_is_static = true;
    }
    call_answer(call, &answer);
}
