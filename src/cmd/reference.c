/* Commands that print what the program's tables say; the reference pages are made of this. */
#include "cmd/commands.h"
#include "market/market.h"
#include "net/openapi.h"
#include "store/distribute.h"
#include "store/store.h"

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

/* In the words of the program's descriptors; or all that one engine is told, indexes included. */
static bool write_schema(struct buffer *out, const char *engine, struct problem *problem)
{
    if (engine != NULL)
        return store_schema_write(out, engine) ||
               problem_set(problem, PROBLEM_USAGE, "--engine is sqlite or postgresql, not \"%s\"",
                           engine);
    for (const struct table *const *table = catalogue.tables; *table != NULL; table++) {
        if (table != catalogue.tables)
            buffer_char(out, '\n');
        table_sql_create(out, *table);
    }
    return true;
}

static int run_schema(const struct invocation *invocation)
{
    struct buffer out;
    struct problem problem;
    const char *engine = invocation_option(invocation, "engine");
    buffer_init(&out);
    if (invocation_switch(invocation, "distributed")) {
        distribution_write(&out, catalogue.tables);
    } else if (!write_schema(&out, engine, &problem)) {
        buffer_done(&out);
        return command_failed(&problem);
    }
    return command_output(&out);
}

static const struct option schema_options[] = {
    {"engine", "NAME", 0, "sqlite or postgresql: all that it is told, in its own SQL"},
    {"distributed", NULL, 0, "what spreads the tables over the machines of a Citus cluster"},
};

const struct command command_schema = {
    .name = "schema",
    .arguments = "",
    .options = schema_options,
    .option_count = COUNT_OF(schema_options),
    .summary = "print the store's tables, as SQL",
    .help = "",
    .examples = "  counterfoil schema --engine postgresql | less\n"
                "  counterfoil schema --distributed | psql postgresql://counterfoil@db/counterfoil",
    .run = run_schema,
};

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
REFERENCE(command_openapi, "openapi", "print the API's description, as OpenAPI 3.1", run_openapi);
