#include "cmd/init.h"

#include <stdio.h>

#include "base/digest.h"
#include "cmd/commands.h"

bool init_open(const char *folder, struct engine *engine, struct problem *problem)
{
    char path[HOME_PATH_BYTES];
    struct config *config = config_new();
    const struct engine_options options = {.config = config};
    home_path(folder, HOME_CONFIG, path);
    bool ok = config_read_file(config, path, problem) &&
              config_set(config, TEXT("data"), text_of(folder), problem) &&
              engine_init(engine, &options, problem);
    config_free(config);
    return ok;
}

static void random_origin(char origin[64])
{
    uint8_t bytes[5];
    struct buffer hex;
    random_bytes(bytes, sizeof bytes);
    buffer_init(&hex);
    hex_add(&hex, bytes, sizeof bytes);
    snprintf(origin, 64, "counterfoil.invalid/%.*s", TEXT_ARG(buffer_view(&hex)));
    buffer_done(&hex);
}

bool init_folder(const char *folder, const char *origin, struct text settings,
                 struct problem *problem)
{
    struct engine engine;
    char fresh[64];
    random_origin(fresh);
    if (!home_create(folder, origin != NULL ? origin : fresh, settings, problem) ||
        !init_open(folder, &engine, problem))
        return false;
    struct door *door = door_new(engine.kernel);
    bool ok = key_make_operator(door, folder, problem);
    door_free(door);
    engine_done(&engine);
    return ok;
}

/* Settings other than the usual ones; refused before anything is made. */
static bool add_settings(struct buffer *settings, const char *store, struct problem *problem)
{
    if (store == NULL)
        return true;
    struct config *config = config_new();
    bool ok = config_set(config, TEXT("store"), text_of(store), problem);
    config_free(config);
    buffer_format(settings, "store = %s\n", store);
    return ok;
}

static int run_init(const struct invocation *invocation)
{
    struct problem problem;
    struct buffer settings;
    const char *folder = invocation->arguments[0];
    buffer_init(&settings);
    bool ok = add_settings(&settings, invocation_option(invocation, "store"), &problem) &&
              init_folder(folder, invocation_option(invocation, "origin"), buffer_view(&settings),
                          &problem);
    buffer_done(&settings);
    if (!ok)
        return command_failed(&problem);
    struct buffer out;
    buffer_init(&out);
    buffer_format(&out,
                  "%s is ready. Keep %s/%s safe and secret; next:\n"
                  "  counterfoil serve --data %s\n",
                  folder, folder, HOME_SIGNER_KEY, folder);
    return command_output(&out);
}

static const struct option init_options[] = {
    {"origin", "NAME", 0, "the transparency log's name, for good: trust.shop.example/log"},
    {"store", "URL", 0, "postgresql://…: keep acts and state there, not in a file"},
};

const struct command command_init = {
    .name = "init",
    .arguments = "FOLDER",
    .argument_min = 1,
    .argument_max = 1,
    .options = init_options,
    .option_count = COUNT_OF(init_options),
    .summary = "make a data folder: keys, settings, an empty store",
    .help = "Nothing that is there already is changed. Without --origin the log gets a random "
            "name\nthat nobody can resolve, which is fine for tests.",
    .examples = "  counterfoil init /var/lib/counterfoil --origin trust.shop.example/log",
    .run = run_init,
};
