/* Commands that print what the program's tables say; the reference pages are made of this. */
#include "cmd/commands.h"
#include "market/market.h"
#include "net/openapi.h"

static int run_config(const struct invocation *invocation)
{
    struct buffer out;
    (void)invocation;
    buffer_init(&out);
    config_print_reference(&out);
    return command_output(&out);
}

static void print_problem(struct buffer *out, const struct problem_kind *kind)
{
    static const char *const mended_by[] = {"the caller", "the operator", "us: it is a bug"};
    buffer_format(out, "\n## `%s`\n\n%s. %s\n\n", kind->slug, kind->title, kind->remedy);
    buffer_format(out, "- Type: `urn:counterfoil:problem:%s`\n- Status: %u\n- Mended by %s\n",
                  kind->slug, kind->status, mended_by[kind->class]);
}

static int run_problems(const struct invocation *invocation)
{
    struct buffer out;
    (void)invocation;
    buffer_init(&out);
    buffer_string(&out, "# Problems\n\nErrors are answered as `application/problem+json` (RFC "
                        "9457). A problem that is not in this\nlist is never answered; a slug "
                        "never changes its meaning.\n");
    for (enum problem_code code = PROBLEM_NONE + 1; code < PROBLEM_CODES; code++)
        print_problem(&out, problem_kind(code));
    return command_output(&out);
}

static int run_schema(const struct invocation *invocation)
{
    struct buffer out;
    (void)invocation;
    buffer_init(&out);
    for (const struct table *const *table = catalogue.tables; *table != NULL; table++) {
        if (table != catalogue.tables)
            buffer_char(&out, '\n');
        table_sql_create(&out, *table);
    }
    return command_output(&out);
}

static int run_openapi(const struct invocation *invocation)
{
    struct buffer out;
    (void)invocation;
    buffer_init(&out);
    openapi_write(&out, &catalogue, PROGRAM_VERSION);
    buffer_char(&out, '\n');
    return command_output(&out);
}

#define REFERENCE(variable, words, what, function)                                                 \
    const struct command variable = {.name = words,                                                \
                                     .arguments = "",                                              \
                                     .summary = what,                                              \
                                     .help = "",                                                   \
                                     .examples = "",                                               \
                                     .run = function}

REFERENCE(command_config, "config", "print all settings, as a page in Markdown", run_config);
REFERENCE(command_problems, "problems", "print all errors, as a page in Markdown", run_problems);
REFERENCE(command_schema, "schema", "print the store's tables, as SQL", run_schema);
REFERENCE(command_openapi, "openapi", "print the API's description, as OpenAPI 3.1", run_openapi);
