#include "act/ledger.h"

#include <string.h>

#include "act/kernel_private.h"
#include "base/log.h"

struct digest ledger_entry(struct text salt, struct text record)
{
    const struct text pieces[] = {salt, record};
    return digest_of_pieces(pieces, COUNT_OF(pieces));
}

/* What reading a run of stored hashes has come to. */
struct run {
    struct buffer *bytes;
    enum tile_kind kind;
    unsigned level;
    uint64_t next; /* the position that must come now */
};

static bool add_hash(void *context, const struct value *columns, size_t count,
                     struct problem *problem)
{
    struct run *run = context;
    (void)count;
    bool is_hash = run->kind == TILE_HASHES && run->level > 0;
    if ((uint64_t)columns[0].integer != run->next++ ||
        (is_hash && columns[1].text.length != DIGEST_BYTES))
        return problem_set(problem, PROBLEM_STORE_CORRUPT, "the log has a hole before %llu",
                           (unsigned long long)columns[0].integer);
    if (run->kind == TILE_ENTRIES)
        return bundle_add(run->bytes, columns[1].text, problem);
    if (is_hash) {
        buffer_text(run->bytes, columns[1].text);
        return true;
    }
    struct digest leaf = merkle_leaf(columns[1].text);
    buffer_add(run->bytes, leaf.bytes, DIGEST_BYTES);
    return true;
}

static bool read_tile(struct reader *reader, const struct tile *tile, struct buffer *bytes,
                      struct problem *problem)
{
    static const char entries[] = "SELECT position, entry FROM log_entries "
                                  "WHERE position >= ?1 AND position < ?2 ORDER BY position";
    static const char nodes[] = "SELECT position, hash FROM log_nodes WHERE level = ?3 "
                                "AND position >= ?1 AND position < ?2 ORDER BY position";
    uint64_t first = tile->index * TILE_WIDTH;
    struct run run = {bytes, tile->kind, tile->level, first};
    const struct value values[] = {VALUE_OF_INT((int64_t)first),
                                   VALUE_OF_INT((int64_t)(first + tile->width)),
                                   VALUE_OF_INT(tile->level)};
    bool upper = tile->kind == TILE_HASHES && tile->level > 0;
    if (!reader_query(reader, upper ? nodes : entries, values, upper ? 3 : 2, add_hash, &run,
                      problem))
        return false;
    if (run.next != first + tile->width)
        return problem_set(problem, PROBLEM_STORE_CORRUPT, "the log ends before its size");
    return true;
}

static bool fetch_tile(void *context, const struct tile *tile, struct buffer *bytes,
                       struct problem *problem)
{
    return read_tile(context, tile, bytes, problem);
}

static uint64_t published_size(struct kernel *kernel)
{
    pthread_mutex_lock(&kernel->lock);
    uint64_t size = kernel->state.log_size;
    pthread_mutex_unlock(&kernel->lock);
    return size;
}

bool ledger_tile(struct kernel *kernel, const struct tile *tile, struct buffer *bytes,
                 struct problem *problem)
{
    if (!tile_within(tile, published_size(kernel)))
        return problem_set(problem, PROBLEM_NOT_FOUND, "the log has not grown that far");
    struct reader *reader = store_reader_take(kernel->options.store);
    bool read = read_tile(reader, tile, bytes, problem);
    store_reader_give(kernel->options.store, reader);
    return read;
}

/* A node reader over the stored tiles of a tree of SIZE leaves. */
struct stored_nodes {
    struct reader *reader;
    struct tile_reader tiles;
};

static void stored_nodes_init(struct stored_nodes *nodes, struct kernel *kernel, uint64_t size)
{
    nodes->reader = store_reader_take(kernel->options.store);
    tile_reader_init(&nodes->tiles, size, fetch_tile, nodes->reader);
}

static void stored_nodes_done(struct stored_nodes *nodes, struct kernel *kernel)
{
    tile_reader_done(&nodes->tiles);
    store_reader_give(kernel->options.store, nodes->reader);
}

bool ledger_prove_inclusion(struct kernel *kernel, uint64_t index, uint64_t size,
                            struct merkle_proof *proof, struct problem *problem)
{
    struct stored_nodes nodes;
    stored_nodes_init(&nodes, kernel, size);
    bool proved =
        merkle_prove_inclusion(index, size, tile_reader_node, &nodes.tiles, proof, problem);
    stored_nodes_done(&nodes, kernel);
    return proved;
}

bool ledger_prove_consistency(struct kernel *kernel, uint64_t old_size, uint64_t size,
                              struct merkle_proof *proof, struct problem *problem)
{
    struct stored_nodes nodes;
    stored_nodes_init(&nodes, kernel, size);
    bool proved =
        merkle_prove_consistency(old_size, size, tile_reader_node, &nodes.tiles, proof, problem);
    stored_nodes_done(&nodes, kernel);
    return proved;
}

static bool take_cosigned(void *context, const struct value *columns, size_t count,
                          struct problem *problem)
{
    struct kernel *kernel = context;
    (void)count;
    (void)problem;
    pthread_mutex_lock(&kernel->lock);
    kernel->cosigned_size = (uint64_t)columns[0].integer;
    buffer_clear(&kernel->cosigned);
    buffer_text(&kernel->cosigned, columns[1].text);
    pthread_mutex_unlock(&kernel->lock);
    return true;
}

/* A store goes on under the name that its log has: witnesses and verifiers know it by that. */
static bool check_origin(struct kernel *kernel, struct problem *problem)
{
    struct note note;
    struct checkpoint checkpoint;
    if (kernel->cosigned.length == 0)
        return true;
    if (!note_parse(buffer_view(&kernel->cosigned), &note, problem) ||
        !checkpoint_parse(note.text, &checkpoint, problem))
        return false;
    if (text_is(checkpoint.origin, kernel->options.log_origin))
        return true;
    return problem_set(problem, PROBLEM_CONFIGURATION,
                       "log.origin is %s, but this store's log was cosigned as %.*s",
                       kernel->options.log_origin, TEXT_ARG(checkpoint.origin));
}

static bool load_tree(struct reader *reader, struct merkle_tree *tree, struct problem *problem)
{
    int64_t size = 0;
    struct tile_reader tiles;
    if (!reader_number(reader, "SELECT MAX(position) + 1 FROM log_entries", NULL, 0, &size,
                       problem))
        return false;
    tile_reader_init(&tiles, (uint64_t)size, fetch_tile, reader);
    bool loaded = merkle_load(tree, (uint64_t)size, tile_reader_node, &tiles, problem);
    tile_reader_done(&tiles);
    return loaded;
}

bool ledger_load_tree(struct kernel *kernel, struct merkle_tree *tree, struct problem *problem)
{
    struct reader *reader = store_reader_take(kernel->options.store);
    bool loaded = load_tree(reader, tree, problem);
    store_reader_give(kernel->options.store, reader);
    return loaded;
}

bool ledger_refresh_cosigned(struct kernel *kernel, struct problem *problem)
{
    static const char newest[] =
        "SELECT size, note FROM log_checkpoints ORDER BY size DESC LIMIT 1";
    struct reader *reader = store_reader_take(kernel->options.store);
    bool read = reader_query(reader, newest, NULL, 0, take_cosigned, kernel, problem);
    store_reader_give(kernel->options.store, reader);
    return read;
}

/* One key signs a log, whichever node holds it: whoever came first has said which. */
static bool claim_log(struct kernel *kernel, struct problem *problem)
{
    struct log_identity_row row = {.name = TEXT("log")};
    struct row_slot slot = {.table = &log_identity_table, .row = &row};
    struct row_slot *slots = &slot;
    struct text key = text_of(kernel->options.log_vkey);
    struct writer *writer = store_writer(kernel->options.store, 0);
    struct arena *arena = arena_new();
    bool claimed = writer_begin(writer, problem);
    if (claimed && !writer_load(writer, &slots, 1, arena, problem)) {
        claimed = false;
    } else if (claimed && slot.found && !text_equal(row.key, key)) {
        claimed = problem_set(problem, PROBLEM_CONFIGURATION,
                              "this store's log is signed by %.*s; this folder has the key %s: "
                              "every server of a store has the same one",
                              TEXT_ARG(row.key), kernel->options.log_vkey);
    } else if (claimed && !slot.found) {
        row.key = key;
        slot.changed = true;
        claimed = writer_save(writer, &slots, 1, problem);
    }
    if (claimed)
        claimed = writer_commit(writer, problem);
    else
        writer_rollback(writer);
    arena_free(arena);
    return claimed;
}

/* Of several nodes that start at once one is faster. */
static bool claim_log_once(struct kernel *kernel, struct problem *problem)
{
    return claim_log(kernel, problem) ||
           (problem->code == PROBLEM_STORE_CONFLICT && claim_log(kernel, problem));
}

bool ledger_open(struct kernel *kernel, struct problem *problem)
{
    bool claims = kernel->is_shared && kernel->options.sign != NULL;
    return ledger_refresh_cosigned(kernel, problem) &&
           (kernel->options.sign == NULL || check_origin(kernel, problem)) &&
           (!claims || claim_log_once(kernel, problem)) &&
           ledger_load_tree(kernel, &kernel->tree, problem) &&
           ledger_publish(kernel, &kernel->tree, problem);
}

bool ledger_publish(struct kernel *kernel, const struct merkle_tree *tree, struct problem *problem)
{
    const struct checkpoint checkpoint = {.origin = text_of(kernel->options.log_origin),
                                          .size = tree->size,
                                          .root = merkle_root(tree)};
    const struct note_signer signer = {&kernel->log_key, kernel->options.sign,
                                       kernel->options.sign_context};
    struct buffer note;
    buffer_init(&note);
    bool is_signed =
        kernel->options.sign == NULL || checkpoint_sign(&note, &checkpoint, &signer, problem);
    pthread_mutex_lock(&kernel->lock);
    if (is_signed) {
        struct buffer old = kernel->checkpoint;
        kernel->checkpoint = note;
        note = old;
        kernel->state.log_size = checkpoint.size;
        kernel->state.log_root = checkpoint.root;
    }
    pthread_mutex_unlock(&kernel->lock);
    buffer_done(&note);
    return is_signed;
}

void ledger_checkpoint(struct kernel *kernel, struct buffer *note)
{
    pthread_mutex_lock(&kernel->lock);
    bool cosigned = kernel->cosigned_size == kernel->state.log_size && kernel->cosigned.length > 0;
    buffer_text(note, buffer_view(cosigned ? &kernel->cosigned : &kernel->checkpoint));
    pthread_mutex_unlock(&kernel->lock);
}

void ledger_cosigned(struct kernel *kernel, struct buffer *note, uint64_t *size)
{
    pthread_mutex_lock(&kernel->lock);
    *size = kernel->cosigned.length > 0 ? kernel->cosigned_size : 0;
    buffer_text(note, buffer_view(&kernel->cosigned));
    pthread_mutex_unlock(&kernel->lock);
}

bool ledger_store_cosigned(struct kernel *kernel, uint64_t size, struct text note,
                           struct problem *problem)
{
    struct log_checkpoint_row fresh = {.size = (int64_t)size, .note = note};
    struct log_checkpoint_row stale = {.size = (int64_t)kernel->cosigned_size};
    struct row_slot add = {.table = &log_checkpoints_table, .row = &fresh, .changed = true};
    struct row_slot drop = {.table = &log_checkpoints_table, .row = &stale, .found = true};
    struct row_slot *slots[] = {&add, &drop};
    bool had = kernel->cosigned.length > 0;
    add.found = had && kernel->cosigned_size == size;
    drop.removed = had && !add.found;
    if (!kernel_save(kernel, LEASE_WITNESSES, slots, drop.removed ? 2 : 1, problem))
        return false;
    pthread_mutex_lock(&kernel->lock);
    kernel->cosigned_size = size;
    buffer_clear(&kernel->cosigned);
    buffer_text(&kernel->cosigned, note);
    pthread_mutex_unlock(&kernel->lock);
    return true;
}
