/* The signer's own side: see signer.h. Nothing of the daemon is linked into what runs here but the
   parsers of notes and checkpoints and the cryptography. */
#include "cmd/signer.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "cmd/sandbox.h"
#include "tlog/checkpoint.h"

#define NOBODY 65534

struct keys {
    struct note_secret log;
    uint8_t master[32];
    uint64_t size; /* of the largest tree that was signed */
    struct digest root;
};

static bool parse_keys(struct text file, struct keys *keys, struct problem *problem)
{
    size_t length;
    struct text log = text_cut(&file, '\n');
    struct text master = text_cut(&file, '\n');
    if (!note_secret_parse(log, &keys->log, problem))
        return false;
    if (!base64_decode(master, keys->master, sizeof keys->master, &length) ||
        length != sizeof keys->master || file.length != 0)
        return problem_set(problem, PROBLEM_CONFIGURATION, "the key file's second line is damaged");
    return true;
}

static bool read_keys(struct keys *keys, struct problem *problem)
{
    struct buffer file;
    buffer_init(&file);
    bool ok =
        file_read_open(SIGNER_KEY_FILE, "the key file", SIGNER_KEY_FILE_MAX, &file, problem) &&
        parse_keys(buffer_view(&file), keys, problem);
    if (file.bytes != NULL)
        explicit_bzero(file.bytes, file.capacity);
    buffer_done(&file);
    close(SIGNER_KEY_FILE);
    return ok;
}

/* Another user than the daemon's, so that not even that one may look in here. */
static bool give_up_root(struct problem *problem)
{
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
                           setresuid(NOBODY, NOBODY, NOBODY) != 0))
        return problem_set(problem, PROBLEM_INTERNAL, "giving up root: %s", strerror(errno));
    return true;
}

/* Cryptography loads what it needs at its first use, and that must be before the sandbox. */
static void warm_up(const struct keys *keys)
{
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    const struct text label = TEXT("start");
    ed25519_sign(keys->log.seed, label, signature);
    hmac_of((struct text){(const char *)keys->master, sizeof keys->master}, &label, 1);
}

static size_t refuse(char *answer, const char *why)
{
    size_t length = strlen(why);
    answer[0] = SIGNER_REFUSED;
    memcpy(answer + 1, why, length);
    return length + 1;
}

static size_t sign(struct keys *keys, struct text message, char *answer)
{
    struct checkpoint checkpoint;
    struct problem problem;
    if (!checkpoint_parse(message, &checkpoint, &problem))
        return refuse(answer, "this is no checkpoint");
    if (!text_is(checkpoint.origin, keys->log.key.name) || checkpoint.extension.length != 0)
        return refuse(answer, "this is a checkpoint of another log");
    if (checkpoint.size < keys->size)
        return refuse(answer, "the log has become smaller");
    if (checkpoint.size == keys->size && keys->size > 0 &&
        !digest_equal(checkpoint.root, keys->root))
        return refuse(answer, "the log has another root than before");
    keys->size = checkpoint.size;
    keys->root = checkpoint.root;
    answer[0] = SIGNER_DONE;
    ed25519_sign(keys->log.seed, message, (uint8_t *)answer + 1);
    return 1 + ED25519_SIGNATURE_BYTES;
}

static size_t derive(const struct keys *keys, struct text label, char *answer)
{
    struct digest derived =
        hmac_of((struct text){(const char *)keys->master, sizeof keys->master}, &label, 1);
    answer[0] = SIGNER_DONE;
    memcpy(answer + 1, derived.bytes, sizeof derived.bytes);
    return 1 + sizeof derived.bytes;
}

static size_t reply(struct keys *keys, struct text question, char *answer)
{
    struct text content = text_slice(question, 1, question.length);
    switch (question.bytes[0]) {
    case SIGNER_SIGN:
        return sign(keys, content, answer);
    case SIGNER_DERIVE:
        return derive(keys, content, answer);
    default:
        return refuse(answer, "this is no question");
    }
}

static void serve(struct keys *keys)
{
    char question[SIGNER_MESSAGE_MAX];
    char answer[SIGNER_MESSAGE_MAX];
    for (;;) {
        ssize_t length = read(SIGNER_CHANNEL, question, sizeof question);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            return; /* the daemon has ended */
        size_t filled = reply(keys, (struct text){question, (size_t)length}, answer);
        if (write(SIGNER_CHANNEL, answer, filled) != (ssize_t)filled)
            return;
    }
}

static bool prepare(struct keys *keys, struct problem *problem)
{
    /* It ends when the daemon closes the socket, not when somebody stops a group of processes. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (mlock(keys, sizeof *keys) != 0)
        return problem_set(problem, PROBLEM_INTERNAL, "keeping the keys out of swap: %s",
                           strerror(errno));
    if (!sandbox_hide_memory(problem) || !read_keys(keys, problem) || !give_up_root(problem))
        return false;
    warm_up(keys);
    return sandbox_signer(SIGNER_CHANNEL, problem);
}

int signer_serve(void)
{
    static struct keys keys;
    struct problem problem;
    if (prepare(&keys, &problem)) {
        serve(&keys);
        explicit_bzero(&keys, sizeof keys);
        _exit(0);
    }
    explicit_bzero(&keys, sizeof keys);
    struct buffer words;
    buffer_init(&words);
    buffer_string(&words, "counterfoil: signer: ");
    problem_print(&words, &problem);
    buffer_char(&words, '\n');
    if (write(STDERR_FILENO, words.bytes, words.length) < 0)
        _exit(2); /* nobody can be told */
    _exit(1);
}
