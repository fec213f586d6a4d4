#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

static const struct problem_kind kinds[PROBLEM_CODES] = {
#define PROBLEM(name, class, status, slug, title, remedy)                                          \
    [PROBLEM_##name] = {#name, PROBLEM_CLASS_##class, status, slug, title, remedy},
#include "base/problems.def"
#undef PROBLEM
};

const struct problem_kind *problem_kind(enum problem_code code)
{
    MUST(code > PROBLEM_NONE && code < PROBLEM_CODES);
    return &kinds[code];
}

void problem_clear(struct problem *problem)
{
    problem->code = PROBLEM_NONE;
    problem->detail[0] = '\0';
    problem->error_count = 0;
    problem->extension = TEXT_NONE;
}

/* What was cut off in the middle of a character is dropped: the detail must stay UTF-8. */
__attribute__((format(printf, 3, 0))) static void
detail_format(char *out, size_t capacity, const char *format, va_list arguments)
{
    int length = vsnprintf(out, capacity, format, arguments);
    MUST(length >= 0);
    size_t kept = (size_t)length < capacity ? (size_t)length : capacity - 1;
    for (size_t dropped = 0; dropped < 4 && !text_is_utf8((struct text){out, kept}); dropped++)
        out[--kept] = '\0';
}

bool problem_set(struct problem *problem, enum problem_code code, const char *format, ...)
{
    va_list arguments;
    problem_clear(problem);
    problem->code = code;
    va_start(arguments, format);
    detail_format(problem->detail, sizeof problem->detail, format, arguments);
    va_end(arguments);
    return false;
}

bool problem_add(struct problem *problem, enum problem_code code, const char *pointer,
                 const char *format, ...)
{
    if (problem->code != code)
        problem_clear(problem);
    problem->code = code;
    size_t index = problem->error_count++;
    if (index >= PROBLEM_ERRORS_MAX)
        return false;
    struct problem_error *error = &problem->errors[index];
    va_list arguments;
    snprintf(error->pointer, sizeof error->pointer, "%s", pointer);
    va_start(arguments, format);
    detail_format(error->detail, sizeof error->detail, format, arguments);
    va_end(arguments);
    return false;
}

static void write_errors(struct json_writer *json, const struct problem *problem)
{
    size_t kept =
        problem->error_count < PROBLEM_ERRORS_MAX ? problem->error_count : PROBLEM_ERRORS_MAX;
    json_name(json, "errors");
    json_open_list(json);
    for (size_t i = 0; i < kept; i++) {
        json_open(json);
        json_member(json, "detail", text_of(problem->errors[i].detail));
        json_member(json, "pointer", text_of(problem->errors[i].pointer));
        json_close(json);
    }
    json_close_list(json);
}

void problem_write(struct buffer *buffer, const struct problem *problem, struct text request_id)
{
    const struct problem_kind *kind = problem_kind(problem->code);
    struct json_writer json = json_writer(buffer);
    char type[96];
    snprintf(type, sizeof type, "urn:counterfoil:problem:%s", kind->slug);
    json_open(&json);
    json_member(&json, "type", text_of(type));
    json_member(&json, "title", text_of(kind->title));
    json_member_int(&json, "status", kind->status);
    json_member(&json, "code", text_of(kind->slug));
    if (problem->detail[0] != '\0')
        json_member(&json, "detail", text_of(problem->detail));
    json_member(&json, "remedy", text_of(kind->remedy));
    if (problem->error_count > 0)
        write_errors(&json, problem);
    if (request_id.length > 0)
        json_member(&json, "request_id", request_id);
    if (problem->extension.length > 0) {
        buffer_char(buffer, ',');
        buffer_text(buffer, problem->extension);
    }
    json_close(&json);
}

void problem_print(struct buffer *buffer, const struct problem *problem)
{
    const struct problem_kind *kind = problem_kind(problem->code);
    buffer_string(buffer, kind->title);
    if (problem->detail[0] != '\0')
        buffer_format(buffer, ": %s", problem->detail);
    for (size_t i = 0; i < problem->error_count && i < PROBLEM_ERRORS_MAX; i++)
        buffer_format(buffer, "; %s: %s", problem->errors[i].pointer, problem->errors[i].detail);
    buffer_format(buffer, ". %s", kind->remedy);
}
