#include "net/http_target.h"

#include <string.h>

/* Decodes in a copy; false if it is malformed, not UTF-8 or holds a NUL. */
static bool decode(struct arena *arena, struct text raw, bool plus_is_space, struct text *decoded)
{
    char *out = arena_take(arena, raw.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < raw.length; i++) {
        char c = raw.bytes[i];
        size_t decoded_bytes;
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%') {
            char digits[2];
            if (raw.length - i < 3)
                return false;
            for (size_t j = 0; j < 2; j++) {
                char digit = raw.bytes[i + 1 + j];
                digits[j] = digit >= 'A' && digit <= 'F' ? (char)(digit | 0x20) : digit;
            }
            if (!hex_decode((struct text){digits, 2}, &c, 1, &decoded_bytes) || c == '\0')
                return false;
            i += 2;
        }
        out[length++] = c;
    }
    *decoded = (struct text){out, length};
    return text_is_utf8(*decoded);
}

static bool has_control(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((uint8_t)text.bytes[i] < ' ' || text.bytes[i] == 0x7f)
            return true;
    return false;
}

static bool has_dot_segment(struct text path)
{
    while (path.length > 0) {
        struct text segment = text_cut(&path, '/');
        if (text_is(segment, ".") || text_is(segment, ".."))
            return true;
    }
    return false;
}

static size_t count_of(struct text text, char wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.bytes[i] == wanted;
    return count;
}

static bool parse_path(struct arena *arena, struct text raw, struct text *path,
                       struct problem *problem)
{
    if (!decode(arena, raw, false, path))
        return problem_set(problem, PROBLEM_BAD_REQUEST, "The path is not percent-encoded UTF-8");
    if (count_of(*path, '/') != count_of(raw, '/'))
        return problem_set(problem, PROBLEM_BAD_REQUEST, "The path has an encoded '/'");
    if (has_control(*path) || has_dot_segment(*path))
        return problem_set(problem, PROBLEM_BAD_REQUEST,
                           "The path has control characters or dot segments");
    return true;
}

static bool is_known(const struct http_target *target, struct text name)
{
    for (size_t i = 0; i < target->parameter_count; i++)
        if (text_equal(target->parameters[i].name, name))
            return true;
    return false;
}

/* What problem_add would cut off might be half a character. */
static const char *pointer_of(struct arena *arena, struct text name)
{
    return name.length < sizeof((struct problem_error *)NULL)->pointer ? arena_string(arena, name)
                                                                       : "(a long name)";
}

static bool add_parameter(struct arena *arena, struct text pair, struct http_target *target,
                          struct problem *problem)
{
    struct http_parameter parameter;
    struct text raw_name = text_cut(&pair, '=');
    if (!decode(arena, raw_name, true, &parameter.name) ||
        !decode(arena, pair, true, &parameter.value))
        return problem_set(problem, PROBLEM_QUERY_INVALID,
                           "The query is not percent-encoded UTF-8");
    if (is_known(target, parameter.name))
        return problem_add(problem, PROBLEM_QUERY_INVALID, pointer_of(arena, parameter.name),
                           "is given more than once");
    if (target->parameter_count == HTTP_PARAMETERS_MAX)
        return problem_set(problem, PROBLEM_QUERY_INVALID, "The query has more than %d parameters",
                           HTTP_PARAMETERS_MAX);
    target->parameters[target->parameter_count++] = parameter;
    return true;
}

bool http_target_parse(struct arena *arena, struct text raw, struct http_target *target,
                       struct problem *problem)
{
    struct text query = raw;
    struct text path = text_cut(&query, '?');
    *target = (struct http_target){.path = TEXT_NONE};
    if (!parse_path(arena, path, &target->path, problem))
        return false;
    if (query.length > 0)
        target->parameters = arena_array(arena, HTTP_PARAMETERS_MAX, sizeof *target->parameters);
    while (query.length > 0) {
        struct text pair = text_cut(&query, '&');
        if (pair.length > 0 && !add_parameter(arena, pair, target, problem))
            return false;
    }
    return true;
}
