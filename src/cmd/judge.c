#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cmd/commands.h"
#include "net/judgement.h"
#include "net/rules.h"

#define LINE_BYTES_MAX (8u << 20) /* a message of 1 MiB, every byte of it escaped */
#define CONTEXT_BYTES_MAX (1u << 20)
#define OUTPUT_BYTES 65536
#define NAME_BYTES_MAX 128

/* What is kept of a conversation, or of a writer, from one line to the next. */
struct kept {
    char *name;
    union {
        struct policy_conversation conversation;
        struct policy_writer writer;
    } state;
};

struct judging {
    struct policy_worker *worker;
    json_t *context;
    struct arena *arena;
    void *conversations, *writers; /* tsearch */
    bool features;                 /* write what the model sees instead of the verdict */
    size_t language;
    struct buffer out;
};

static int compare_kept(const void *a, const void *b)
{
    return strcmp(((const struct kept *)a)->name, ((const struct kept *)b)->name);
}

static void free_kept(void *node)
{
    struct kept *kept = node;
    free(kept->name);
    free(kept);
}

/* The state of the conversation or writer of this NAME, a new one if there is none. */
static struct kept *keep(void **tree, struct text name)
{
    struct kept *kept = calloc(1, sizeof *kept);
    MUST(kept != NULL);
    kept->name = strndup(name.bytes, name.length);
    MUST(kept->name != NULL);
    struct kept **found = tsearch(kept, tree, compare_kept);
    MUST(found != NULL);
    if (*found != kept)
        free_kept(kept);
    return *found;
}

static bool read_at(const json_t *line, struct problem *problem)
{
    struct text at;
    int64_t time;
    if (!judgement_string(line, "at", 40, &at, problem))
        return false;
    return at.bytes == NULL || time_parse(at, &time) ||
           problem_add(problem, PROBLEM_BODY_INVALID, "/at", "is no time (RFC 3339)");
}

static void write_features(struct judging *judging, struct json_writer *json,
                           const struct policy_message *message)
{
    struct buffer features;
    buffer_init(&features);
    policy_features(judging->worker, message, &features);
    json_member(json, "features", buffer_view(&features));
    buffer_done(&features);
}

static bool judge_line(struct judging *judging, const json_t *line, struct problem *problem)
{
    struct policy_message message;
    struct text id, conversation, to, from;
    problem_clear(problem);
    if (!judgement_read(line, judging->context, judging->arena, &message, problem) ||
        !judgement_string(line, "id", NAME_BYTES_MAX, &id, problem) ||
        !judgement_string(line, "conversation", NAME_BYTES_MAX, &conversation, problem) ||
        !judgement_string(line, "to", NAME_BYTES_MAX, &to, problem) ||
        !judgement_string(line, "from", NAME_BYTES_MAX, &from, problem) || !read_at(line, problem))
        return false;
    if (conversation.length > 0)
        message.conversation = &keep(&judging->conversations, conversation)->state.conversation;
    if (to.length > 0) {
        message.writer = &keep(&judging->writers, from)->state.writer;
        message.recipient = to;
    }
    struct json_writer json = json_writer(&judging->out);
    json_open(&json);
    json_member(&json, "id", id);
    if (judging->features)
        write_features(judging, &json, &message);
    else
        judgement_write(&json, policy_judge(judging->worker, &message), message.text,
                        judging->language, JUDGEMENT_PLAIN);
    json_close(&json);
    buffer_char(&judging->out, '\n');
    arena_reset(judging->arena);
    return true;
}

/* A problem's detail with the number of the line before it. */
static bool refuse_line(size_t number, struct problem *problem)
{
    char detail[sizeof problem->detail];
    memcpy(detail, problem->detail, sizeof detail);
    snprintf(problem->detail, sizeof problem->detail, "line %zu%s%.280s", number,
             detail[0] != '\0' ? ": " : "", detail);
    return false;
}

static bool judge_lines(struct judging *judging, FILE *in, struct problem *problem)
{
    char *line = NULL;
    size_t capacity = 0, number = 0;
    ssize_t length;
    bool done = true;
    while (done && (length = getline(&line, &capacity, in)) > 0) {
        struct text text =
            text_trim((struct text){line, (size_t)length - (line[length - 1] == '\n')});
        number++;
        if (text.length == 0)
            continue;
        if (text.length > LINE_BYTES_MAX) {
            done = problem_set(problem, PROBLEM_BODY_TOO_LARGE, "line %zu", number);
            break;
        }
        json_t *json = json_read(text, problem);
        done = json != NULL && judge_line(judging, json, problem);
        json_free(json);
        if (!done)
            refuse_line(number, problem);
        if (judging->out.length > OUTPUT_BYTES)
            done = done && command_output(&judging->out) == EXIT_DONE;
    }
    free(line);
    return done;
}

static bool read_context(const char *file, json_t **context, struct problem *problem)
{
    struct buffer content;
    if (file == NULL)
        return true;
    buffer_init(&content);
    bool done = file_read(file, CONTEXT_BYTES_MAX, &content, problem) &&
                (*context = json_read(buffer_view(&content), problem)) != NULL;
    buffer_done(&content);
    if (done && !json_is_object(*context))
        return problem_set(problem, PROBLEM_BODY_INVALID, "%s: a context is an object", file);
    return done;
}

/* Judges the lines of the standard input. */
static int judge_input(struct judging *judging)
{
    struct problem problem;
    problem_clear(&problem);
    buffer_init(&judging->out);
    judging->arena = arena_new();
    bool done = judge_lines(judging, stdin, &problem);
    arena_free(judging->arena);
    tdestroy(judging->conversations, free_kept);
    tdestroy(judging->writers, free_kept);
    int status = command_output(&judging->out);
    return done ? status : command_failed(&problem);
}

static int run_judge(const struct invocation *invocation)
{
    struct problem problem;
    problem_clear(&problem);
    struct judging judging = {
        .language = policy_language(text_of(invocation_option(invocation, "language")))};
    struct rules *rules = rules_new(invocation_option(invocation, "rules"), &problem);
    bool done = rules != NULL &&
                read_context(invocation_option(invocation, "context"), &judging.context, &problem);
    int status = EXIT_FAILED;
    if (done) {
        judging.worker = rules_borrow(rules);
        status = judge_input(&judging);
        rules_return(rules, judging.worker);
    }
    rules_free(rules);
    json_free(judging.context);
    return done ? status : command_failed(&problem);
}

/* What is seen depends on no rule, so none is read: the model of a rule to come can be trained. */
static int run_rules_features(const struct invocation *invocation)
{
    struct problem problem;
    struct judging judging = {.features = true};
    struct policy *policy = policy_new_untested(NULL, 0, &problem);
    (void)invocation;
    MUST(policy != NULL);
    judging.worker = policy_worker_new(policy);
    int status = judge_input(&judging);
    policy_worker_free(judging.worker);
    policy_free(policy);
    return status;
}

static const struct option judge_options[] = {
    {"context", "FILE", 0,
     "a JSON object with what is known of the order, for lines that do not say it"},
    {"language", "CODE", 0, "language of the reasons: en, ru, zh, es, ja (en)"},
    {"rules", "FOLDER", 0, "rule files *.rules, instead of those that the program carries"},
};

const struct command command_judge = {
    .name = "judge",
    .arguments = "",
    .options = judge_options,
    .option_count = COUNT_OF(judge_options),
    .summary = "judge messages by the rules, and say why",
    .help = "Reads one JSON object a line: \"id\", \"text\", and what is known: \"from\" (seller, "
            "buyer),\n\"lang\", \"context\" with \"order_id\", \"tracking\", \"sku\", \"prices\", "
            "\"review\" {\"stars\",\n\"days_ago\"}, \"prior_offers\" (minor units), "
            "\"seller_messages_since_buyer_reply\". Lines of one\n\"conversation\" are judged one "
            "after another with what was said before; \"to\" tells a\nwriter's addressees apart. "
            "Writes one JSON object a line: \"id\", \"verdict\" (allow, warn,\nhold, block) and "
            "\"findings\".",
    .examples =
        "  echo '{\"id\": \"1\", \"from\": \"seller\", \"text\": \"Call +7 916 123-45-67\"}' | "
        "counterfoil judge\n"
        "  counterfoil judge --rules ./rules --language ru < messages.jsonl",
    .run = run_judge,
};

/* --- rules test, rules explain, rules features --- */

struct failures {
    struct buffer *out;
    size_t count;
};

static void print_failure(void *context, const struct problem *problem)
{
    struct failures *failures = context;
    buffer_format(failures->out, "%s\n", problem->detail);
    failures->count++;
}

static struct policy *read_rules(const struct invocation *invocation, struct problem *problem)
{
    struct rule_files files;
    if (!rule_files_read(&files, invocation_option(invocation, "rules"), problem))
        return NULL;
    struct policy *policy = policy_new_untested(files.sources, files.count, problem);
    rule_files_done(&files);
    return policy;
}

static int run_rules_test(const struct invocation *invocation)
{
    struct problem problem;
    struct buffer out;
    struct failures failures = {&out, 0};
    struct policy *policy = read_rules(invocation, &problem);
    if (policy == NULL)
        return command_failed(&problem);
    buffer_init(&out);
    size_t count = policy_examples(policy, print_failure, &failures);
    buffer_format(&out, "%zu rules, %zu examples, %zu failed\n", policy_rule_count(policy), count,
                  failures.count);
    policy_free(policy);
    int status = command_output(&out);
    buffer_done(&out);
    return failures.count > 0 ? EXIT_FAILED : status;
}

static int run_rules_explain(const struct invocation *invocation)
{
    struct problem problem;
    struct buffer out;
    struct policy *policy = read_rules(invocation, &problem);
    if (policy == NULL)
        return command_failed(&problem);
    buffer_init(&out);
    bool found = policy_explain(policy, text_of(invocation->arguments[0]), &out);
    policy_free(policy);
    int status = command_output(&out);
    buffer_done(&out);
    if (found)
        return status;
    problem_set(&problem, PROBLEM_NOT_FOUND, "there is no rule \"%s\"", invocation->arguments[0]);
    return command_failed(&problem);
}

static const struct option rules_options[] = {
    {"rules", "FOLDER", 0, "rule files *.rules, instead of those that the program carries"},
};

const struct command command_rules_test = {
    .name = "rules test",
    .arguments = "",
    .options = rules_options,
    .option_count = COUNT_OF(rules_options),
    .summary = "judge the rules' own examples",
    .help = "Reads the rule files and says which of their examples fail, with file and line. Exits "
            "with 1\nif one does, or if a file cannot be read.",
    .examples = "  counterfoil rules test --rules ./rules",
    .run = run_rules_test,
};

const struct command command_rules_explain = {
    .name = "rules explain",
    .arguments = "ID",
    .argument_min = 1,
    .argument_max = 1,
    .options = rules_options,
    .option_count = COUNT_OF(rules_options),
    .summary = "show all that a message rule consists of",
    .help = "Clause, reasons and mends, and for each language the phrases with their points, "
            "conditions\nand examples.",
    .examples = "  counterfoil rules explain contact.phone",
    .run = run_rules_explain,
};

const struct command command_rules_features = {
    .name = "rules features",
    .arguments = "",
    .summary = "show what the model of wordings sees in messages",
    .help = "Reads the lines that judge reads, and writes one JSON object a line: \"id\" and "
            "\"features\", one\na line. tools/train_wording.py trains the model on them.",
    .examples = "  echo '{\"text\": \"Take it down\"}' | counterfoil rules features",
    .run = run_rules_features,
};
