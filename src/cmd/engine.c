#include "cmd/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/sandbox.h"
#include "market/market.h"

#define HISTORY_DEADLINE (36525 * TIME_DAY)

void engine_store_url(const struct config *config, char url[HOME_PATH_BYTES])
{
    const char *store = config_text(config, CONFIG_STORE);
    int length = store[0] != '\0' ? snprintf(url, HOME_PATH_BYTES, "%s", store)
                                  : snprintf(url, HOME_PATH_BYTES, "sqlite:%s/counterfoil.db",
                                             config_text(config, CONFIG_DATA));
    MUST(length > 0 && length < HOME_PATH_BYTES);
}

static bool read_verifier_key(struct engine *engine, const struct config *config,
                              struct problem *problem)
{
    struct note_key key;
    const char *origin = config_text(config, CONFIG_LOG_ORIGIN);
    if (!home_read_line(config_text(config, CONFIG_DATA), HOME_VERIFIER_KEY, engine->verifier_key,
                        problem) ||
        !note_key_parse(text_of(engine->verifier_key), &key, problem))
        return false;
    memcpy(engine->origin, key.name, sizeof engine->origin);
    if (origin[0] != '\0' && strcmp(origin, key.name) != 0)
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "log.origin = %.80s: this folder's log is %.80s, and that is for good",
                           origin, key.name);
    return true;
}

bool engine_become(const struct config *config, struct problem *problem)
{
    const char *user = config_text(config, CONFIG_USER);
    return user[0] != '\0' ? sandbox_become(user, problem)
                           : sandbox_become_owner(config_text(config, CONFIG_DATA), problem);
}

static struct rules rules_of(const struct engine_options *options)
{
    const struct config *config = options->config;
    struct rules rules = {.deliver_within_us = config_number(config, CONFIG_ORDERS_DELIVER_WITHIN),
                          .decide_within_us = config_number(config, CONFIG_ORDERS_DECIDE_WITHIN),
                          .hold_us = config_number(config, CONFIG_PEOPLE_HOLD),
                          .session_us = config_number(config, CONFIG_PEOPLE_SESSION),
                          .invitation_us = config_number(config, CONFIG_PEOPLE_INVITATION)};
    if (options->history)
        rules.deliver_within_us = rules.decide_within_us = HISTORY_DEADLINE;
    return rules;
}

static bool open_kernel(struct engine *engine, const struct engine_options *options,
                        struct problem *problem)
{
    const struct config *config = options->config;
    const struct kernel_options kernel = {
        .catalogue = &catalogue,
        .store = engine->store,
        .rules = rules_of(options),
        .log_origin = engine->origin,
        .sign = signer_sign,
        .sign_context = engine->signer,
        .log_vkey = engine->verifier_key,
        .timers = options->timers,
        .writers = (size_t)config_number(config, CONFIG_STORE_WRITERS),
        .lease_us = config_number(config, CONFIG_STORE_LEASE),
        .idempotency_keep_us = config_number(config, CONFIG_IDEMPOTENCY_KEEP),
        .waiting_max = (size_t)config_number(config, CONFIG_ACTS_WAITING_MAX),
    };
    engine->kernel = kernel_open(&kernel, problem);
    return engine->kernel != NULL;
}

static bool open_all(struct engine *engine, const struct engine_options *options,
                     struct problem *problem)
{
    const char *folder = config_text(options->config, CONFIG_DATA);
    char path[HOME_PATH_BYTES];
    if (!read_verifier_key(engine, options->config, problem))
        return false;
    home_path(folder, HOME_SIGNER_KEY, path);
    engine->signer = signer_start(path, problem);
    if (engine->signer == NULL || !engine_become(options->config, problem))
        return false;
    engine_store_url(options->config, path);
    engine->store = store_open(path, true, problem);
    return engine->store != NULL && open_kernel(engine, options, problem);
}

bool engine_init(struct engine *engine, const struct engine_options *options,
                 struct problem *problem)
{
    *engine = (struct engine){0};
    if (open_all(engine, options, problem))
        return true;
    engine_done(engine);
    return false;
}

void engine_done(struct engine *engine)
{
    kernel_close(engine->kernel);
    if (engine->store != NULL)
        store_close(engine->store);
    signer_stop(engine->signer);
    *engine = (struct engine){0};
}
