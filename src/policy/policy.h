/*
 * Message policy: judges one message in microseconds, and says why.
 *
 * A library of its own: no network, no files, no clock; another C program can use this header
 * alone. docs/policy-library.md has an example, docs/rules.md describes the rules.
 *
 *     struct policy_source sources[] = {{TEXT("common.rules"), common}, {TEXT("en.rules"),
 * english}}; struct policy *policy = policy_new(sources, 2, &problem); struct policy_worker *worker
 * = policy_worker_new(policy);       one a thread struct policy_message message = {.text = text,
 * .from = POLICY_FROM_SELLER}; const struct policy_verdict *verdict = policy_judge(worker,
 * &message);
 *
 * A `policy` is a compiled set of rules; it never changes, and any number of threads judge by it.
 * To change rules, make another one and let the workers of the old one end. Making one takes tenths
 * of a second to seconds; nothing is cached on disk. A worker belongs to one thread at a time.
 *
 * All text is bytes; what is no UTF-8 is judged as spaces. Offsets are in bytes of the message as
 * it was given, start inclusive, end exclusive. Amounts are minor units; times are not needed.
 */
#pragma once

#include "base/problem.h"

#define POLICY_ID_MAX 47
#define POLICY_LANGUAGES 5
#define POLICY_FINDINGS_MAX 32
#define POLICY_TEXT_MAX (1 << 20) /* a longer message is held unread (`exhausted`) */
#define POLICY_KNOWN_MAX 64 /* ids and amounts that the server knows; more are not looked at */

/* In order of strictness; `shadow` changes no verdict. */
enum policy_mode { POLICY_SHADOW, POLICY_WARN, POLICY_HOLD, POLICY_BLOCK };
#define POLICY_ALLOW POLICY_SHADOW /* as a verdict */

const char *policy_mode_name(enum policy_mode mode);
const char *policy_verdict_name(enum policy_mode verdict); /* "allow" instead of "shadow" */

/* --- rules --- */

struct policy;

struct policy_source {
    struct text name, content; /* a rule file, or a model ("NAME.model") */
};

void policy_free(struct policy *policy); /* gives up one reference */
/*
 * PROBLEM_RULES_INVALID with "file:line: reason" if a file cannot be read, a rule is not complete,
 * or an example of its own fails.
 */
struct policy *policy_new(const struct policy_source *sources, size_t count,
                          struct problem *problem) OWNED_BY(policy_free);
/* The same without judging the examples; policy_examples does it. */
struct policy *policy_new_untested(const struct policy_source *sources, size_t count,
                                   struct problem *problem) OWNED_BY(policy_free);
typedef void (*policy_example_failed)(void *context, const struct problem *problem);
/* Judges all examples; returns how many there are, and tells of each that fails. */
size_t policy_examples(struct policy *policy, policy_example_failed failed, void *context);
struct policy *policy_share(struct policy *policy); /* one more reference */

size_t policy_rule_count(const struct policy *policy);
struct policy_rule_facts {
    const char *id;
    enum policy_mode mode;
    struct text clause;
    uint64_t spoken, shadowed; /* messages that it spoke on, and would have but for `shadow` */
};
struct policy_rule_facts policy_rule_facts(const struct policy *policy, size_t rule);
/* All that the rule of this ID consists of, for a person; false if there is none. */
MUST_CHECK bool policy_explain(const struct policy *policy, struct text id, struct buffer *out);

/* --- state across messages: the caller keeps it, a message changes it --- */

#define POLICY_PIECES_MAX 16
#define POLICY_SKETCH_SIZE 16
#define POLICY_RECENT_MAX 32

/* Of a conversation of two parties. Zeroed it is a new one. Plain bytes: may be stored as they are.
 */
struct policy_conversation {
    struct policy_side {
        uint32_t messages;
        uint32_t unanswered;        /* since the other side last wrote */
        int64_t last_offer, offers; /* minor units; how many amounts */
        uint8_t piece_length;       /* digits written in short messages, one after another */
        char pieces[POLICY_PIECES_MAX];
        uint8_t first_after_review; /* its first message came after the review */
        uint8_t rising;             /* its last offer was more than the one before */
    } sides[2];                     /* the seller's, the buyer's */
};

/* Of one writer, over all conversations: sketches of what was last sent, and to whom. */
struct policy_writer {
    uint32_t next;
    struct policy_sent {
        uint64_t recipient; /* hash; 0: empty */
        uint32_t sketch[POLICY_SKETCH_SIZE];
    } sent[POLICY_RECENT_MAX];
};

/* --- judging --- */

enum policy_from { POLICY_FROM_UNKNOWN, POLICY_FROM_SELLER, POLICY_FROM_BUYER, POLICY_FROM_OTHER };

struct policy_message {
    struct text text;
    enum policy_from from;
    struct text language; /* "ru", or none: not known */
    /* Order ids, tracking and article numbers, prices as they are written: never found as numbers.
     */
    const struct text *known;
    size_t known_count;
    bool reviewed;
    int stars, days_ago;   /* of the review */
    const int64_t *offers; /* made before, oldest first */
    size_t offer_count;
    unsigned unanswered; /* messages of this side before this one, since the other last wrote */
    unsigned same_text;  /* to so many others went nearly this text */
    bool after_review;
    /* Instead of the four above, or none; both are read and brought up to date. */
    struct policy_conversation *conversation;
    struct policy_writer *writer;
    struct text recipient; /* for `writer`: any name that tells recipients apart */
};

struct policy_finding {
    const struct policy_rule *rule;
    const char *id;
    unsigned version;
    enum policy_mode mode;
    unsigned points;
    size_t start, end; /* bytes of the message */
};

struct policy_verdict {
    enum policy_mode verdict;
    unsigned score; /* points of all rules that spoke, but those in shadow */
    size_t finding_count;
    struct policy_finding findings[POLICY_FINDINGS_MAX]; /* in order of place */
    bool exhausted; /* too much to judge within bounds: held for a moderator */
    uint64_t work;  /* bytes looked at, all steps together: what it cost, without a clock */
};

struct policy_worker;

void policy_worker_free(struct policy_worker *worker);
struct policy_worker *policy_worker_new(struct policy *policy) OWNED_BY(policy_worker_free);
struct policy *policy_worker_policy(const struct policy_worker *worker);
/* The verdict is the worker's until its next message. */
const struct policy_verdict *policy_judge(struct policy_worker *worker,
                                          const struct policy_message *message);

/* What the model sees in a message, one feature a line: it is trained on that. */
void policy_features(struct policy_worker *worker, const struct policy_message *message,
                     struct buffer *out);

/* --- telling --- */

/* The best of the five languages for "ru", "pt-BR,es;q=0.8", …; English if none fits. */
size_t policy_language(struct text wanted);
const char *policy_language_name(size_t language);
void policy_reason(const struct policy_finding *finding, struct text message, size_t language,
                   struct buffer *out);
void policy_mend(const struct policy_finding *finding, size_t language, struct buffer *out);
struct text policy_clause(const struct policy_finding *finding);
