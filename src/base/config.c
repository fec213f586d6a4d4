#include "base/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/time.h"

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define SCALE_ONE INT64_C(1000000)

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};

static const struct config_kind kinds[CONFIG_KEYS] = {
    [CONFIG_DATA] = {"data", CONFIG_TYPE_TEXT, 0, 1, 4000, "data", NULL,
                     "The folder with store, keys and configuration, as `counterfoil init` made "
                     "it."},
    [CONFIG_STORE] = {"store", CONFIG_TYPE_TEXT, CONFIG_SECRET, 0, 2000, "", NULL,
                      "Where acts and state are kept: `postgresql://user@host/database`, as libpq "
                      "takes it (a password is better kept in ~/.pgpass). Empty: in the file "
                      "counterfoil.db of the data folder."},
    [CONFIG_LISTEN] = {"listen", CONFIG_TYPE_TEXT, 0, 1, 255, "127.0.0.1:8080", NULL,
                       "Where to serve: `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`. Port 0 "
                       "picks a free one. Put a reverse proxy with TLS before it."},
    [CONFIG_USER] = {"user", CONFIG_TYPE_TEXT, 0, 0, 32, "", NULL,
                     "Started as root, the server gives up root for this user."},
    [CONFIG_LOG_LEVEL] = {"log_level", CONFIG_TYPE_CHOICE, CONFIG_RELOAD, 0, 0, "info", log_levels,
                          "The least level that the server's own log on standard error shows."},
    [CONFIG_DEMO] = {"demo", CONFIG_TYPE_SWITCH, 0, 0, 0, "off", NULL,
                     "The data is a demonstration; the server says so when it starts."},
    [CONFIG_LOG_ORIGIN] = {"log.origin", CONFIG_TYPE_TEXT, 0, 0, 255, "", NULL,
                           "The transparency log's name, for example "
                           "`trust.shop.example/log`. Set for good by `counterfoil init`."},
    [CONFIG_LOG_WITNESSES] = {"log.witnesses", CONFIG_TYPE_LIST, 0, 1, 1024, "", NULL,
                              "A witness that cosigns the log: its verifier key, a space, and the "
                              "URL of its service. May be given several times."},
    [CONFIG_LOG_WITNESS_EVERY] = {"log.witness_every", CONFIG_TYPE_SPAN, 0, TIME_SECOND / 10,
                                  TIME_DAY, "1s", NULL,
                                  "How often witnesses are asked while the log grows."},
    [CONFIG_HTTP_THREADS] = {"http.threads", CONFIG_TYPE_COUNT, 0, 1, 64, "2", NULL,
                             "Threads that serve HTTP."},
    [CONFIG_HTTP_BODY_MAX] = {"http.body_max", CONFIG_TYPE_SIZE, 0, KIB, 16 * MIB, "1MiB", NULL,
                              "The largest request body; larger ones are answered 413."},
    [CONFIG_HTTP_HEAD_MAX] = {"http.head_max", CONFIG_TYPE_SIZE, 0, KIB, 64 * KIB, "16KiB", NULL,
                              "The largest request line with header fields; 414 or 431."},
    [CONFIG_HTTP_HEAD_TIME] = {"http.head_time", CONFIG_TYPE_SPAN, 0, TIME_SECOND / 10,
                               5 * TIME_MINUTE, "10s", NULL,
                               "How long a client may take to send a request's head."},
    [CONFIG_HTTP_BODY_TIME] = {"http.body_time", CONFIG_TYPE_SPAN, 0, TIME_SECOND / 10,
                               30 * TIME_MINUTE, "30s", NULL,
                               "How long a client may take to send a request's body."},
    [CONFIG_HTTP_IDLE_TIME] = {"http.idle_time", CONFIG_TYPE_SPAN, 0, TIME_SECOND, TIME_HOUR, "75s",
                               NULL, "How long a connection may wait between two requests."},
    [CONFIG_HTTP_CONNECTIONS] = {"http.connections", CONFIG_TYPE_COUNT, 0, 8, 100000, "4096", NULL,
                                 "The most connections at one time."},
    [CONFIG_HTTP_CONNECTIONS_PER_ADDRESS] = {"http.connections_per_address", CONFIG_TYPE_COUNT, 0,
                                             0, 100000, "0", NULL,
                                             "The most connections of one address; 0: no limit "
                                             "(right behind a reverse proxy)."},
    [CONFIG_HTTP_RATE] = {"http.rate", CONFIG_TYPE_COUNT, 0, 0, 1000000, "100", NULL,
                          "Requests a second that one API key may make in the long run (and one "
                          "address, where no key is needed for what costs); 0: no limit."},
    [CONFIG_HTTP_BURST] = {"http.burst", CONFIG_TYPE_COUNT, 0, 1, 1000000, "500", NULL,
                           "Requests that one API key may make at once before the rate counts."},
    [CONFIG_WEBHOOK_ALLOW_PRIVATE] = {"webhook.allow_private", CONFIG_TYPE_SWITCH, 0, 0, 0, "off",
                                      NULL,
                                      "Webhooks may go to private and loopback addresses and "
                                      "without TLS. For tests and demonstrations only: sellers "
                                      "choose these addresses."},
    [CONFIG_WEBHOOK_TIME_SCALE] = {"webhook.time_scale", CONFIG_TYPE_SCALE, 0, 1, 1000 * SCALE_ONE,
                                   "1", NULL,
                                   "Multiplies the waiting times between attempts at a webhook."},
    [CONFIG_MAIL_SERVER] = {"mail.server", CONFIG_TYPE_TEXT, 0, 0, 255, "", NULL,
                            "The mail server that takes notices: `smtp://mail.example:587` (with "
                            "STARTTLS) or `smtps://mail.example:465`. Empty: no mail is sent."},
    [CONFIG_MAIL_TLS] = {"mail.tls", CONFIG_TYPE_SWITCH, 0, 0, 0, "on", NULL,
                         "Refuse to give mail to a server without TLS. Off only for one on the "
                         "same machine."},
    [CONFIG_MAIL_CREDENTIALS] = {"mail.credentials", CONFIG_TYPE_TEXT, 0, 0, 4000, "", NULL,
                                 "A file with two lines, name and password for the mail server; "
                                 "readable for the server's user alone. A password is given over "
                                 "TLS only."},
    [CONFIG_MAIL_AUTHORITIES] = {"mail.authorities", CONFIG_TYPE_TEXT, 0, 0, 4000, "", NULL,
                                 "A file of certificates (PEM): the authorities that may vouch for "
                                 "the mail server, in place of the system's. Read at the start."},
    [CONFIG_MAIL_FOLDER] = {"mail.folder", CONFIG_TYPE_TEXT, 0, 0, 4000, "", NULL,
                            "Instead of a server: a folder into which each mail is written as a "
                            ".eml file; a relative path lies in the data folder. For "
                            "demonstrations."},
    [CONFIG_MAIL_FROM] = {"mail.from", CONFIG_TYPE_TEXT, 0, 1, 254, "notices@localhost.localdomain",
                          NULL, "The address that notices come from."},
    [CONFIG_MAIL_FROM_NAME] = {"mail.from_name", CONFIG_TYPE_TEXT, 0, 0, 100, "Counterfoil", NULL,
                               "The name beside it: the marketplace's."},
    [CONFIG_MAIL_STAFF] = {"mail.staff", CONFIG_TYPE_LIST, 0, 3, 254, "", NULL,
                           "An address of the marketplace's own staff, which gets what the "
                           "marketplace must know. May be given several times."},
    [CONFIG_MAIL_LANGUAGE] = {"mail.language", CONFIG_TYPE_TEXT, 0, 2, 8, "en", NULL,
                              "The language of notices to people whose own is not known: en, es, "
                              "ja, ru or zh."},
    [CONFIG_MAIL_LINK] = {"mail.link", CONFIG_TYPE_TEXT, 0, 0, 255, "", NULL,
                          "Where the console is, as people reach it; stands in every notice."},
    [CONFIG_MAIL_TIME_SCALE] = {"mail.time_scale", CONFIG_TYPE_SCALE, 0, 1, 1000 * SCALE_ONE, "1",
                                NULL, "Multiplies the waiting times between attempts at a mail."},
    [CONFIG_ORDERS_DELIVER_WITHIN] = {"orders.deliver_within", CONFIG_TYPE_SPAN, 0,
                                      TIME_SECOND / 10, 30 * TIME_DAY, "1h", NULL,
                                      "By then whoever must know of an act has been reached, or "
                                      "an incident is raised."},
    [CONFIG_ORDERS_DECIDE_WITHIN] = {"orders.decide_within", CONFIG_TYPE_SPAN, 0, TIME_SECOND / 10,
                                     365 * TIME_DAY, "48h", NULL,
                                     "By then the seller has accepted or refused a cancel request, "
                                     "or it counts as accepted."},
    [CONFIG_PEOPLE_RP_ID] = {"people.rp_id", CONFIG_TYPE_TEXT, 0, 1, 253, "localhost", NULL,
                             "WebAuthn's relying party: the domain that passkeys are made for, "
                             "for example `market.example`. Passkeys are worthless under another: "
                             "set it before the first is made."},
    [CONFIG_PEOPLE_ORIGINS] = {"people.origins", CONFIG_TYPE_LIST, 0, 8, 255, "", NULL,
                               "An origin of the console, for example "
                               "`https://trust.market.example`: log-ins and signatures from "
                               "elsewhere are refused. May be given several times. None: "
                               "`http://localhost` with the port that is listened on."},
    [CONFIG_PEOPLE_HOLD] = {"people.hold", CONFIG_TYPE_SPAN, 0, TIME_SECOND / 10, 365 * TIME_DAY,
                            "72h", NULL,
                            "How long sensitive acts wait for a new device or authenticator that "
                            "no older passkey approved."},
    [CONFIG_PEOPLE_SESSION] = {"people.session", CONFIG_TYPE_SPAN, 0, TIME_MINUTE, 365 * TIME_DAY,
                               "12h", NULL, "How long a log-in lasts."},
    [CONFIG_PEOPLE_INVITATION] = {"people.invitation", CONFIG_TYPE_SPAN, 0, TIME_MINUTE,
                                  365 * TIME_DAY, "7d", NULL, "How long an invitation holds."},
    [CONFIG_PEOPLE_NONCE] = {"people.nonce", CONFIG_TYPE_SPAN, 0, TIME_SECOND / 10, 5 * TIME_MINUTE,
                             "5m", NULL,
                             "How long a challenge may be answered: a log-in, a registration, or "
                             "terms that are to be signed."},
    [CONFIG_IDEMPOTENCY_KEEP] = {"idempotency.keep", CONFIG_TYPE_SPAN, 0, TIME_MINUTE,
                                 365 * TIME_DAY, "24h", NULL,
                                 "How long an Idempotency-Key is remembered; those of acts that "
                                 "move money are kept for ever."},
    [CONFIG_ACTS_WAITING_MAX] = {"acts.waiting_max", CONFIG_TYPE_COUNT, 0, 64, 1000000, "8192",
                                 NULL,
                                 "Acts that may wait for the store; beyond that the answer is "
                                 "503."},
    [CONFIG_STORE_WRITERS] = {"store.writers", CONFIG_TYPE_COUNT, 0, 1, 6, "3", NULL,
                              "Groups of acts that may be under way at once where the store is a "
                              "PostgreSQL database; each has a connection."},
    [CONFIG_STORE_LEASE] = {"store.lease", CONFIG_TYPE_SPAN, 0, TIME_SECOND / 5, TIME_MINUTE, "3s",
                            NULL,
                            "Where several servers share a database: how long the work of one "
                            "that died waits until another takes it up."},
    [CONFIG_POLICY_RULES] = {"policy.rules", CONFIG_TYPE_TEXT, 0, 0, 4000, "", NULL,
                             "The folder of the message rules, `*.rules`; SIGHUP reads its files "
                             "again. Empty: the rules that the program carries."},
};

struct config {
    int64_t numbers[CONFIG_KEYS];
    char *texts[CONFIG_KEYS];
    size_t counts[CONFIG_KEYS];
    char *items[CONFIG_KEYS][CONFIG_LIST_MAX];
};

const struct config_kind *config_kind(enum config_key key)
{
    MUST((unsigned)key < CONFIG_KEYS);
    return &kinds[key];
}

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit span_units[] = {
    {"ms", TIME_SECOND / 1000}, {"s", TIME_SECOND}, {"m", TIME_MINUTE},
    {"h", TIME_HOUR},           {"d", TIME_DAY},    {NULL, 0},
};
static const struct unit size_units[] = {{"", 1}, {"KiB", KIB}, {"MiB", MIB}, {NULL, 0}};
static const struct unit count_units[] = {{"", 1}, {NULL, 0}};

static bool read_with_unit(struct text value, const struct unit *units, int64_t *number)
{
    size_t digits = 0;
    uint64_t count;
    while (digits < value.length && value.bytes[digits] >= '0' && value.bytes[digits] <= '9')
        digits++;
    struct text name = text_slice(value, digits, value.length);
    if (!text_to_u64(text_slice(value, 0, digits), INT64_MAX, &count))
        return false;
    for (; units->name != NULL; units++)
        if (text_is(name, units->name))
            return !__builtin_mul_overflow((int64_t)count, units->factor, number);
    return false;
}

/* A decimal with at most six places, in millionths. */
static bool read_scale(struct text value, int64_t *number)
{
    struct text places = value;
    struct text whole_text = text_cut(&places, '.');
    bool has_point = whole_text.length < value.length;
    uint64_t whole;
    int64_t unit = SCALE_ONE;
    if (!text_to_u64(whole_text, 1000000, &whole) || places.length > 6 ||
        (has_point && places.length == 0))
        return false;
    *number = (int64_t)whole * SCALE_ONE;
    for (size_t i = 0; i < places.length; i++) {
        if (places.bytes[i] < '0' || places.bytes[i] > '9')
            return false;
        unit /= 10;
        *number += unit * (places.bytes[i] - '0');
    }
    return true;
}

static bool read_name(struct text value, const char *const *names, int64_t *number)
{
    for (int64_t i = 0; names[i] != NULL; i++)
        if (text_is(value, names[i])) {
            *number = i;
            return true;
        }
    return false;
}

static bool read_number(const struct config_kind *kind, struct text value, int64_t *number)
{
    static const char *const switches[] = {"off", "on", NULL};
    switch (kind->type) {
    case CONFIG_TYPE_COUNT:
        return read_with_unit(value, count_units, number);
    case CONFIG_TYPE_SIZE:
        return read_with_unit(value, size_units, number);
    case CONFIG_TYPE_SPAN:
        return read_with_unit(value, span_units, number);
    case CONFIG_TYPE_SCALE:
        return read_scale(value, number);
    case CONFIG_TYPE_SWITCH:
        return read_name(value, switches, number);
    case CONFIG_TYPE_CHOICE:
        return read_name(value, kind->choices, number);
    case CONFIG_TYPE_TEXT:
    case CONFIG_TYPE_LIST:
        break; /* words are no numbers */
    }
    return false;
}

static bool is_words(const struct config_kind *kind)
{
    return kind->type == CONFIG_TYPE_TEXT || kind->type == CONFIG_TYPE_LIST;
}

static bool is_bounded(const struct config_kind *kind)
{
    return kind->type != CONFIG_TYPE_SWITCH && kind->type != CONFIG_TYPE_CHOICE;
}

static void print_number(struct buffer *out, const struct config_kind *kind, int64_t number)
{
    const struct unit *units = kind->type == CONFIG_TYPE_SPAN   ? span_units
                               : kind->type == CONFIG_TYPE_SIZE ? size_units
                                                                : count_units;
    const struct unit *best = units;
    if (kind->type == CONFIG_TYPE_SCALE) {
        buffer_format(out, "%g", (double)number / (double)SCALE_ONE);
        return;
    }
    for (; units->name != NULL; units++)
        if (number != 0 && number % units->factor == 0)
            best = units;
    buffer_i64(out, number / best->factor);
    buffer_string(out, best->name);
}

static void print_expected(struct buffer *out, const struct config_kind *kind)
{
    static const char *const nouns[] = {
        [CONFIG_TYPE_TEXT] = "text",
        [CONFIG_TYPE_LIST] = "text, once for each of them,",
        [CONFIG_TYPE_COUNT] = "a number",
        [CONFIG_TYPE_SIZE] = "a size like 64KiB",
        [CONFIG_TYPE_SPAN] = "a span like 30s",
        [CONFIG_TYPE_SCALE] = "a decimal number",
        [CONFIG_TYPE_SWITCH] = "on or off",
        [CONFIG_TYPE_CHOICE] = "one of",
    };
    buffer_string(out, nouns[kind->type]);
    if (kind->type == CONFIG_TYPE_CHOICE) {
        for (size_t i = 0; kind->choices[i] != NULL; i++)
            buffer_format(out, "%s %s", i > 0 ? "," : "", kind->choices[i]);
    } else if (is_words(kind)) {
        buffer_format(out, " of at most %lld bytes", (long long)kind->max);
    } else if (is_bounded(kind)) {
        buffer_string(out, " from ");
        print_number(out, kind, kind->min);
        buffer_string(out, " to ");
        print_number(out, kind, kind->max);
    }
}

static bool refuse(const struct config_kind *kind, struct text value, struct problem *problem)
{
    struct buffer expected;
    buffer_init(&expected);
    print_expected(&expected, kind);
    struct text shown = kind->flags & CONFIG_SECRET ? TEXT("(hidden)") : value;
    problem_set(problem, PROBLEM_CONFIGURATION, "%s = %.*s: must be %.*s", kind->name,
                TEXT_ARG(text_slice(shown, 0, shown.length < 80 ? shown.length : 80)),
                TEXT_ARG(buffer_view(&expected)));
    buffer_done(&expected);
    return false;
}

static char *copy_text(struct text text)
{
    struct buffer copy;
    buffer_init(&copy);
    buffer_text(&copy, text);
    return buffer_release(&copy);
}

static bool is_plain(struct text value)
{
    for (size_t i = 0; i < value.length; i++)
        if ((unsigned char)value.bytes[i] < 0x20 || value.bytes[i] == 0x7f)
            return false;
    return text_is_utf8(value);
}

static bool set_words(struct config *config, enum config_key key, struct text value,
                      struct problem *problem)
{
    const struct config_kind *kind = &kinds[key];
    if ((int64_t)value.length < kind->min || (int64_t)value.length > kind->max || !is_plain(value))
        return refuse(kind, value, problem);
    if (kind->type == CONFIG_TYPE_TEXT) {
        free(config->texts[key]);
        config->texts[key] = copy_text(value);
        return true;
    }
    if (config->counts[key] == CONFIG_LIST_MAX)
        return problem_set(problem, PROBLEM_CONFIGURATION, "%s: at most %d of them", kind->name,
                           CONFIG_LIST_MAX);
    config->items[key][config->counts[key]++] = copy_text(value);
    return true;
}

static bool set_key(struct config *config, enum config_key key, struct text value,
                    struct problem *problem)
{
    const struct config_kind *kind = &kinds[key];
    int64_t number;
    if (is_words(kind))
        return set_words(config, key, value, problem);
    if (!read_number(kind, value, &number) ||
        (is_bounded(kind) && (number < kind->min || number > kind->max)))
        return refuse(kind, value, problem);
    config->numbers[key] = number;
    return true;
}

struct config *config_new(void)
{
    struct problem problem;
    struct config *config = calloc(1, sizeof *config);
    MUST(config != NULL);
    for (enum config_key key = 0; key < CONFIG_KEYS; key++)
        if (kinds[key].type != CONFIG_TYPE_LIST)
            MUST(set_key(config, key, text_of(kinds[key].standard), &problem));
    return config;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (enum config_key key = 0; key < CONFIG_KEYS; key++) {
        free(config->texts[key]);
        for (size_t i = 0; i < config->counts[key]; i++)
            free(config->items[key][i]);
    }
    free(config);
}

bool config_set(struct config *config, struct text key, struct text value, struct problem *problem)
{
    for (enum config_key at = 0; at < CONFIG_KEYS; at++)
        if (text_is(key, kinds[at].name))
            return set_key(config, at, value, problem);
    return problem_set(problem, PROBLEM_CONFIGURATION,
                       "there is no setting \"%.*s\"; `counterfoil config` lists all",
                       TEXT_ARG(text_slice(key, 0, key.length < 64 ? key.length : 64)));
}

bool config_assign(struct config *config, struct text assignment, struct problem *problem)
{
    struct text value = assignment;
    struct text key = text_cut(&value, '=');
    if (key.length == assignment.length)
        return problem_set(problem, PROBLEM_CONFIGURATION, "\"%.*s\" is not of the form key=value",
                           TEXT_ARG(text_slice(key, 0, key.length < 64 ? key.length : 64)));
    return config_set(config, text_trim(key), text_trim(value), problem);
}

bool config_read(struct config *config, struct text lines, const char *name,
                 struct problem *problem)
{
    for (size_t number = 1; lines.length > 0; number++) {
        struct text line = text_cut(&lines, '\n');
        if (line.length > 0 && line.bytes[line.length - 1] == '\r')
            line.length--;
        line = text_trim(line);
        if (line.length == 0 || line.bytes[0] == '#')
            continue;
        struct problem why;
        if (line.length > CONFIG_VALUE_BYTES_MAX)
            return problem_set(problem, PROBLEM_CONFIGURATION, "%s, line %zu is too long", name,
                               number);
        if (!config_assign(config, line, &why))
            return problem_set(problem, PROBLEM_CONFIGURATION, "%s, line %zu: %s", name, number,
                               why.detail);
    }
    return true;
}

bool config_read_file(struct config *config, const char *path, struct problem *problem)
{
    struct buffer lines;
    buffer_init(&lines);
    bool ok = file_read(path, CONFIG_FILE_BYTES_MAX, &lines, problem) &&
              config_read(config, buffer_view(&lines), path, problem);
    buffer_done(&lines);
    return ok;
}

int64_t config_number(const struct config *config, enum config_key key)
{
    MUST(!is_words(config_kind(key)));
    return config->numbers[key];
}

bool config_switch(const struct config *config, enum config_key key)
{
    MUST(config_kind(key)->type == CONFIG_TYPE_SWITCH);
    return config->numbers[key] != 0;
}

const char *config_text(const struct config *config, enum config_key key)
{
    MUST(config_kind(key)->type == CONFIG_TYPE_TEXT);
    return config->texts[key];
}

size_t config_count(const struct config *config, enum config_key key)
{
    MUST(config_kind(key)->type == CONFIG_TYPE_LIST);
    return config->counts[key];
}

const char *config_item(const struct config *config, enum config_key key, size_t index)
{
    MUST(index < config_count(config, key));
    return config->items[key][index];
}

void config_print_reference(struct buffer *out)
{
    buffer_string(out, "# Configuration\n\n"
                       "Settings are lines `key = value` of `counterfoil.conf` in the data "
                       "folder, or of the file named\nby `--config`; `--set key=value` on the "
                       "command line goes before both. An unknown key or a value\nout of its "
                       "bounds stops the start.\n");
    for (enum config_key key = 0; key < CONFIG_KEYS; key++) {
        const struct config_kind *kind = &kinds[key];
        buffer_format(out, "\n## `%s`\n\n%s\n\n- Value: ", kind->name, kind->doc);
        print_expected(out, kind);
        if (kind->standard[0] == '\0')
            buffer_string(out, "\n- Default: none\n");
        else
            buffer_format(out, "\n- Default: `%s`\n", kind->standard);
        buffer_format(out, "- Takes effect: %s\n",
                      kind->flags & CONFIG_RELOAD ? "on SIGHUP" : "when the server starts");
    }
}
