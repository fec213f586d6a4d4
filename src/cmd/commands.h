/* The program's commands; main.c holds them in one table. */
#pragma once

#include "cmd/command.h"

extern const struct command command_init, command_serve, command_signer;
extern const struct command command_org_create, command_owner_invite, command_key_create,
    command_key_revoke;
extern const struct command command_migrate;
extern const struct command command_backup, command_replay, command_import_olist, command_demo;
extern const struct command command_verify, command_witness_init, command_witness;
extern const struct command command_config, command_problems, command_schema, command_openapi;
extern const struct command command_judge, command_rules_test, command_rules_explain,
    command_rules_features;
extern const struct command command_help;

#ifndef PROGRAM_VERSION
#define PROGRAM_VERSION "unknown" /* the build says it; analysers read without one */
#endif
