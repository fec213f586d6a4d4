/*
 * Commands: one table, from which parsing, help, the manual page and the reference page derive.
 *
 * A command line is `counterfoil COMMAND [ARGUMENT…] [--option[=VALUE]…]`, options anywhere behind
 * the command; `--` ends them. Exit codes: 0 done, 1 failed or found something, 2 not understood.
 */
#pragma once

#include "base/config.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define COMMAND_ARGUMENTS_MAX 16
#define COMMAND_OPTIONS_MAX 64

enum option_flags { OPTION_REQUIRED = 1, OPTION_REPEATED = 2 };

struct option {
    const char *name;  /* without the dashes */
    const char *value; /* what stands for its value in help; NULL: it has none */
    unsigned flags;
    const char *doc;
};

struct invocation;

struct command {
    const char *name;      /* "serve", "key create" */
    const char *arguments; /* as in help, "" if there are none */
    size_t argument_min, argument_max;
    const struct option *options;
    size_t option_count;
    bool configured; /* takes --data, --config and --set */
    bool hidden;     /* of the program itself; not in any help */
    const char *summary;
    const char *help;     /* paragraphs, wrapped by hand at 80 columns; or "" */
    const char *examples; /* lines */
    int (*run)(const struct invocation *invocation);
};

struct invocation {
    const struct command *command;
    size_t argument_count;
    const char *arguments[COMMAND_ARGUMENTS_MAX];
    size_t option_count;
    struct {
        const struct option *option;
        const char *value; /* "" where it has none */
    } options[COMMAND_OPTIONS_MAX];
};

enum parse_outcome { PARSE_RUN, PARSE_HELP, PARSE_VERSION, PARSE_REFUSED };

/*
 * COMMANDS ends with NULL, ARGUMENTS without the program's name. PARSE_HELP sets *topic to the
 * words before `--help`. PARSE_REFUSED is PROBLEM_USAGE.
 */
enum parse_outcome command_parse(const struct command *const *commands, size_t count,
                                 const char *const *arguments, struct invocation *invocation,
                                 char topic[64], struct problem *problem);

const char *invocation_option(const struct invocation *invocation, const char *name); /* or NULL */
bool invocation_switch(const struct invocation *invocation, const char *name);
/* The value number INDEX of a repeated option, or NULL. */
const char *invocation_repeated(const struct invocation *invocation, const char *name,
                                size_t index);
/*
 * Defaults, then `--config` (or counterfoil.conf in the data folder, if there is one), then the
 * command's own options named like settings (`--data`, `--listen`, `--user`), then `--set`.
 */
struct config *invocation_config(const struct invocation *invocation, struct problem *problem)
    OWNED_BY(config_free);

/* Help of all commands of TOPIC ("" for all, "key" for its commands, "key create" for one). False
   if nothing is called so. */
MUST_CHECK bool command_print_help(const struct command *const *commands, struct text topic,
                                   struct buffer *out);
void command_print_manual(const struct command *const *commands, struct buffer *out);   /* man(7) */
void command_print_markdown(const struct command *const *commands, struct buffer *out); /* page */

/* Says PROBLEM on standard error; returns the exit code. */
int command_failed(const struct problem *problem);
/* Writes OUT to standard output and empties it; EXIT_FAILED (told) if that is not possible. */
int command_output(struct buffer *out);
