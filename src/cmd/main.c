/* The program: a table of commands. */
#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"

static const struct command *const commands[] = {
    &command_init,
    &command_serve,
    &command_org_create,
    &command_owner_invite,
    &command_key_create,
    &command_key_revoke,
    &command_backup,
    &command_replay,
    &command_migrate,
    &command_verify,
    &command_judge,
    &command_rules_test,
    &command_rules_explain,
    &command_rules_features,
    &command_witness,
    &command_witness_init,
    &command_import_olist,
    &command_demo,
    &command_config,
    &command_problems,
    &command_schema,
    &command_openapi,
    &command_help,
    &command_signer,
    NULL,
};

static int run_help(const struct invocation *invocation)
{
    struct buffer out;
    struct problem problem;
    buffer_init(&out);
    if (invocation_switch(invocation, "man")) {
        command_print_manual(commands, &out);
    } else if (invocation_switch(invocation, "markdown")) {
        command_print_markdown(commands, &out);
    } else {
        char topic[64] = "";
        for (size_t i = 0; i < invocation->argument_count; i++) {
            size_t length = strlen(topic);
            snprintf(topic + length, sizeof topic - length, "%s%s", i > 0 ? " " : "",
                     invocation->arguments[i]);
        }
        if (!command_print_help(commands, text_of(topic), &out)) {
            buffer_done(&out);
            problem_set(&problem, PROBLEM_USAGE, "there is no command \"%s\"", topic);
            return command_failed(&problem);
        }
    }
    return command_output(&out);
}

static const struct option help_options[] = {
    {"man", NULL, 0, "the manual page instead, in the format of man(7)"},
    {"markdown", NULL, 0, "the reference page instead, in Markdown"},
};

const struct command command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .argument_max = 2,
    .options = help_options,
    .option_count = COUNT_OF(help_options),
    .summary = "say what a command does",
    .help = "",
    .examples = "  counterfoil help key create\n  counterfoil help --man | man -l -",
    .run = run_help,
};

static int print_help(struct text topic)
{
    struct buffer out;
    buffer_init(&out);
    if (!command_print_help(commands, topic, &out)) {
        buffer_clear(&out);
        (void)!command_print_help(commands, TEXT(""), &out);
    }
    return command_output(&out);
}

int main(int argc, char **argv)
{
    struct invocation invocation;
    struct problem problem;
    char topic[64];
    size_t count = argc > 0 ? (size_t)argc - 1 : 0;
    switch (command_parse(commands, count, (const char *const *)argv + 1, &invocation, topic,
                          &problem)) {
    case PARSE_HELP:
        return print_help(text_of(topic)) == EXIT_DONE && count > 0 ? EXIT_DONE : EXIT_USAGE;
    case PARSE_VERSION:
        return printf("counterfoil %s\n", PROGRAM_VERSION) < 0 ? EXIT_FAILED : EXIT_DONE;
    case PARSE_REFUSED:
        return command_failed(&problem);
    case PARSE_RUN:
        break;
    }
    return invocation.command->run(&invocation);
}
