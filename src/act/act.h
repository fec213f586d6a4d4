/*
 * Acts: what anybody does to anybody, declared in tables.
 *
 * An act type is one constant: its name, route, body, who may do it, which rows it needs (by key),
 * who must be told and by when, and its decide function. Validation, routes, OpenAPI, documentation
 * and labels derive from it. A decide function is pure: from (rows, act) to changed rows or a
 * refusal; no I/O, no clock, no randomness. Replay runs the same function over the recorded acts.
 */
#pragma once

#include "act/authority.h"
#include "store/row.h"

enum role {
    ROLE_SHOP = 1,      /* the marketplace's shop: every organisation's orders */
    ROLE_SELLER = 2,    /* one organisation */
    ROLE_BUYER = 4,     /* one buyer, as the shop names them */
    ROLE_AUDITOR = 8,   /* reads everything, changes nothing */
    ROLE_OPERATOR = 16, /* runs the server: organisations, keys */
    ROLE_SYSTEM = 32,   /* Counterfoil itself: deadlines, receipts */
    ROLE_SUPPORT = 64,  /* staff of the marketplace who help an organisation that let them */
    ROLE_PERSON = 128,  /* a person, about their own account */
};
#define ROLE_COUNT 8
extern const char *const role_names[ROLE_COUNT + 1]; /* by bit number, ended by NULL */
const char *role_name(enum role role);

struct principal {
    enum role role;
    struct id key; /* the API key; zero for people, the system and the local operator */
    int64_t org;   /* seller: its organisation; person: their own number; else ORG_MARKETPLACE */
    struct text buyer;    /* buyer: the shop's name for them */
    unsigned permissions; /* seller: of whoever reads for it (act_type.seen_with) */
    /* Of a person; zero for API keys. */
    struct id person, session;
    struct id authenticator; /* that opened the session; zero: none did (hand-over) */
    int64_t method;          /* enum auth_method, of authenticated_at */
    int64_t authenticated_at;
    int64_t held_until; /* the session is from a new device: ACT_HELD waits until then; or 0 */
};

#define DEADLINES_MAX 2
#define NEEDS_MAX 6
#define TELLS_MAX 3

/* The marketplace's rules that acts depend on. Their results enter each act's record as deadlines.
 */
struct rules {
    int64_t deliver_within_us; /* until then the addressee must have been reached */
    int64_t decide_within_us;  /* until then the seller decides about an order under way */
    int64_t hold_us;           /* how long what is sensitive waits for a new device */
    int64_t session_us;        /* how long a log-in lasts */
    int64_t invitation_us;     /* how long an invitation holds */
};

struct act_type;
struct reader;

struct act {
    const struct act_type *type;
    struct id id;
    int64_t org;
    int64_t seq; /* position in the organisation's feed, from 1, without gaps */
    int64_t at;
    struct id subject;  /* the object it is about: its id without prefix */
    const char *prefix; /* ACT_ANY_SUBJECT: what that has; otherwise the type says it */
    struct principal actor;
    struct text from;                  /* the client's address */
    struct text device;                /* what the client said that it is */
    struct list steps;                 /* struct interface_step: what led there; or none */
    const struct signature *signature; /* or NULL */
    struct text request_id;            /* of the HTTP request */
    int64_t deadlines[DEADLINES_MAX];  /* by act_type.deadlines; 0: does not apply */
    const void *body;
};

struct deadline {
    const char *name; /* in the record */
    size_t rule;      /* offsetof(struct rules, …) */
};

enum need_mode { NEED_PRESENT, NEED_ABSENT, NEED_EITHER };

struct need {
    const struct table *table;
    enum need_mode mode;
    /* Sets the key's columns of *row; NULL: (org, subject). */
    void (*key)(const struct act *act, void *row);
    /* What is said if a needed row is missing, or is there and must not: "order" … */
    const char *what;
};

/* A row of the need's table with its key set, and nothing else. */
void *act_need_key(const struct act *act, const struct need *need, struct arena *arena);

struct decision {
    const struct act *act;
    struct row_slot *rows[NEEDS_MAX]; /* by act_type.needs */
    bool touched[NEEDS_MAX];          /* changed by this act */
    void *before[NEEDS_MAX];          /* as it was then; NULL: it was not there */
    unsigned waived; /* bit i: deadline i does not apply this time, nor a tell that goes by it */
    struct arena *arena; /* for what the changed rows point to */
};

void *decision_row(struct decision *decision, size_t need);    /* NULL if there is none */
void *decision_change(struct decision *decision, size_t need); /* the same, to be written */

/*
 * The last one are people at their own addresses: of an account the person, of an organisation its
 * owners and admins. It guards them against whoever sits in their session, so that reading there is
 * no receipt; and that they cannot be reached is no incident, for it is nobody else's to know.
 */
enum audience { AUDIENCE_SHOP, AUDIENCE_SELLER, AUDIENCE_BUYER, AUDIENCE_PERSON, AUDIENCES };
extern const char *const audience_names[AUDIENCES + 1];
enum role audience_role(enum audience audience); /* 0: nobody reads for it */

/* Somebody must know of this act: a receipt by the deadline, or an incident (I6). */
struct tell {
    enum audience audience;
    size_t deadline; /* index into act_type.deadlines, or TELL_ANYWAY */
};
#define TELL_ANYWAY SIZE_MAX /* AUDIENCE_PERSON: no deadline decides whether */
/* In an act type: the people whose account or organisation it is are told, always. */
#define TELLS_PERSON .tell_count = 1, .tells = {{AUDIENCE_PERSON, TELL_ANYWAY}}

enum act_flags {
    ACT_MOVES_MONEY = 1, /* its idempotency keys are kept for ever */
    ACT_QUIET = 2,       /* changes nothing new when repeated: a refusal is not recorded */
    ACT_NEW_ORG = 4,     /* it makes an organisation: the kernel picks its number */
    ACT_OWNER = 8,       /* of an organisation's people, owners alone may */
    ACT_HELD = 16, /* sensitive: waits while device or authenticator are new, or it is frozen */
    ACT_ANY_SUBJECT = 64, /* about any kind of thing: each act says which, not the type */
    ACT_FREEZING = 32,    /* may be done although the person or the organisation is frozen */
    ACT_REGISTERS = 128,  /* says what key its subject has: evidence of what that signed */
};

enum subject_source {
    SUBJECT_NEW,      /* the act makes the object */
    SUBJECT_PATH,     /* {subject} of the route */
    SUBJECT_FIELD,    /* the id in a field of the body, with the act's organisation in it */
    SUBJECT_SELF,     /* the person who acts, in their own account */
    SUBJECT_INTERNAL, /* set by the submitting code */
};

struct act_type {
    const char *name;           /* dotted, past tense; also the name in webhooks */
    const char *method, *path;  /* "/v1/orders/{subject}/ship"; NULL: not from outside */
    const char *subject_prefix; /* NULL: ACT_ANY_SUBJECT */
    enum subject_source subject;
    const char *subject_field; /* SUBJECT_FIELD: which */
    /* SUBJECT_NEW by shop and operator: the field that names the organisation; others: their own.
     */
    const char *org_field;
    unsigned roles; /* who may: a set of enum role */
    enum authority authority;
    enum permission permission; /* that a member of the organisation needs */
    unsigned parties; /* who sees it besides shop, auditor and operator: ROLE_SELLER, ROLE_BUYER */
    enum permission seen_with; /* that a member needs to see it, as that of a view of its rows */
    unsigned flags;
    const struct field *fields;
    size_t field_count;
    size_t body_bytes;
    size_t need_count;
    struct need needs[NEEDS_MAX];
    /* Does the subject's row (the first need) exist for this actor? NULL: yes. Otherwise 404. */
    bool (*is_party)(const struct act *act, const void *subject);
    size_t deadline_count;
    struct deadline deadlines[DEADLINES_MAX];
    size_t tell_count;
    struct tell tells[TELLS_MAX];
    /*
     * Adds to the body what the server knows and the client does not say, from rows that are not
     * of the act's organisation (those a decision must not see: their changes have no order with
     * the organisation's own). Once, before the act is on the road; a replay has it in the record.
     */
    bool (*complete)(struct reader *reader, const struct act *act, void *body, struct arena *arena,
                     struct problem *problem);
    /* AUTHORITY_SIGNED: adds members, in the order of their names, to `terms` of the terms. */
    void (*terms)(const struct decision *decision, struct json_writer *json);
    bool (*decide)(struct decision *decision, struct problem *problem);
    /*
     * What happened, for a person: "The buyer asked to cancel[: {reason}]." — a field of the body,
     * and a part that is left out where its field was not given.
     */
    const char *story;
    const char *doc;
};

/* A list for readers: rows of a table, restricted to what the reader may see. */
struct view {
    const char *name;
    const char *path; /* GET; "{subject}" as in acts */
    const char *subject_prefix;
    unsigned roles;
    enum permission permission; /* that a member of the organisation needs to read it */
    const struct table *table;
    bool single; /* one row by its key, with ETag; otherwise a page */
    /*
     * "WHERE …" by who reads, NULL: nothing for them. Parameters: ?1 organisation (the reader's,
     * or the subject's), ?2 the buyer's name, ?3 the subject, ?4 after (cursor), ?5 page size,
     * ?6 and ?7 the filters.
     */
    const char *for_all, *for_seller, *for_buyer;
    /*
     * Of a single row: "WHERE …" over the notices that are not delivered and whose acts the row
     * shows, NULL: none. Parameters: ?1 organisation, ?2 subject, ?3 the reader's audience.
     */
    const char *tells;
    const char *cursor; /* the column that pages go by: an id or a number, ascending */
    const struct view_filter {
        const char *name;
        const char *column; /* says how its value is read; ENUM or TEXT */
        /*
         * In place of the view's own where this filter is given, if it finds the rows faster; it
         * must show no more to a reader and heed the other filter. NULL: the view's own.
         */
        const char *for_all, *for_seller, *for_buyer;
    } filters[2];
    const char *doc;
};

/* Something that is due: rows that this finds become acts. */
struct timer {
    const char *name;
    const struct table *table;
    const char *due; /* "WHERE … ≤ ?1 … LIMIT ?2", ?1: now */
    const struct act_type *type;
    /* Fills org, subject and body of the act from the row. */
    void (*prepare)(const void *row, struct act *act, struct arena *arena);
};

/*
 * Who may, beyond roles. The kernel asks it after the act's needs are met and before it is decided;
 * a refusal of status 403 or 409 is recorded. ADMIT changes nothing; NOTE, called once the act was
 * accepted, may (the authenticator was used). Both see the rule's own rows by the rule's needs, all
 * NEED_EITHER.
 */
struct authority_rule {
    bool (*concerns)(const struct act *act); /* otherwise it is not asked */
    size_t need_count;
    struct need needs[NEEDS_MAX];
    /* TERMS: what a signature has to be over; none if the act carries no signature. */
    bool (*admit)(struct decision *decision, struct text terms, struct problem *problem);
    void (*note)(struct decision *decision);
};

/* Everything that is declared; made on floor 4, known to the kernel only as this. */
struct catalogue {
    const struct table *const *tables; /* each ended by NULL */
    const struct act_type *const *acts;
    const struct view *const *views;
    const struct timer *const *timers;
    const struct authority_rule *authority; /* or NULL */
};

/*
 * The terms of an act, canonical: {"act":…,"body":{…},"org":…,"person":…,"subject":…,"terms":{…}},
 * without subject if the act makes it, without terms if the type adds none.
 */
void act_terms(const struct decision *decision, struct buffer *out);

/* Of the subject's id. */
const char *act_prefix(const struct act *act);

const struct act_type *catalogue_act(const struct catalogue *catalogue, struct text name);
/* Does anybody of that role see acts about things with that prefix? */
bool catalogue_shows(const struct catalogue *catalogue, const char *prefix, enum role role);
/* Stops the process if the declarations contradict themselves. */
void catalogue_check(const struct catalogue *catalogue);
