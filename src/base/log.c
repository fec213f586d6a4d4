#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/json.h"

static _Atomic enum log_level least_level = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level least)
{
    least_level = least;
}

/* One write a line, so that lines of several threads do not mix. */
static void log_line(struct buffer *line)
{
    buffer_char(line, '\n');
    struct text rest = buffer_view(line);
    while (rest.length > 0) {
        ssize_t written = write(STDERR_FILENO, rest.bytes, rest.length);
        if (written <= 0)
            break; /* nobody listens; there is nowhere left to say so */
        rest = text_slice(rest, (size_t)written, rest.length);
    }
    buffer_done(line);
}

static struct json_writer begin_line(struct buffer *line, enum log_level level, const char *event)
{
    buffer_init(line);
    struct json_writer json = json_writer(line);
    json_open(&json);
    json_name(&json, "at");
    json_time(&json, time_now());
    json_member(&json, "level", text_of(level_names[level]));
    json_member(&json, "event", text_of(event));
    return json;
}

void log_event(enum log_level level, const char *event, ...)
{
    struct buffer line;
    va_list fields;
    const char *name;
    if (level < least_level)
        return;
    struct json_writer json = begin_line(&line, level, event);
    va_start(fields, event);
    while ((name = va_arg(fields, const char *)) != NULL) {
        const char *value = va_arg(fields, const char *);
        json_member(&json, name, text_of(value == NULL ? "" : value));
    }
    va_end(fields);
    json_close(&json);
    log_line(&line);
}

void log_problem(enum log_level level, const char *event, const struct problem *problem)
{
    struct buffer line;
    if (level < least_level)
        return;
    struct json_writer json = begin_line(&line, level, event);
    json_name(&json, "problem");
    struct buffer text;
    buffer_init(&text);
    problem_print(&text, problem);
    json_text(&json, buffer_view(&text));
    buffer_done(&text);
    json_close(&json);
    log_line(&line);
}
