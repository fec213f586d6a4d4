#include "cmd/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct signer {
    pid_t process;
    int channel;
    pthread_mutex_t lock; /* a question and its answer belong together */
    bool gone;
};

static bool gone(struct signer *signer, struct problem *problem)
{
    signer->gone = true;
    return problem_set(problem, PROBLEM_SIGNER_GONE, "the signing process has ended");
}

/* Out of the way of the numbers that the new process gives its descriptors. */
static int move_up(int descriptor)
{
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
    close(descriptor);
    return moved;
}

static int spawn(pid_t *process, int channel, int key_file)
{
    char *const arguments[] = {(char[]){"counterfoil"}, (char[]){SIGNER_ROLE}, NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, channel, SIGNER_CHANNEL);
    posix_spawn_file_actions_adddup2(&actions, key_file, SIGNER_KEY_FILE);
    posix_spawn_file_actions_addclosefrom_np(&actions, SIGNER_KEY_FILE + 1);
    posix_spawnattr_init(&attributes);
    /* Its own group: Ctrl-C is for the daemon, which needs the signer until its end. */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    int status =
        posix_spawn(process, "/proc/self/exe", &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

static struct signer *start_on(int key_file, struct problem *problem)
{
    int pair[2];
    pid_t process = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        problem_set(problem, PROBLEM_INTERNAL, "making a socket: %s", strerror(errno));
        return NULL;
    }
    int theirs = move_up(pair[1]);
    int status = theirs < 0 ? errno : spawn(&process, theirs, key_file);
    if (theirs >= 0)
        close(theirs);
    if (status != 0) {
        close(pair[0]);
        problem_set(problem, PROBLEM_INTERNAL, "starting the signer: %s", strerror(status));
        return NULL;
    }
    struct signer *signer = calloc(1, sizeof *signer);
    MUST(signer != NULL);
    signer->process = process;
    signer->channel = pair[0];
    MUST(pthread_mutex_init(&signer->lock, NULL) == 0);
    return signer;
}

static void end(struct signer *signer)
{
    close(signer->channel);
    while (waitpid(signer->process, NULL, 0) < 0 && errno == EINTR)
        ;
    pthread_mutex_destroy(&signer->lock);
    free(signer);
}

/* The first answer shows that it could read its keys. */
static struct signer *greet(struct signer *signer, struct problem *problem)
{
    uint8_t ignored[32];
    if (signer != NULL && !signer_derive(signer, TEXT("start"), ignored, problem)) {
        end(signer);
        problem_set(problem, PROBLEM_SIGNER_GONE, "the signer did not start; it says why above");
        return NULL;
    }
    return signer;
}

struct signer *signer_start(const char *key_file, struct problem *problem)
{
    int opened = open(key_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int descriptor = opened < 0 ? -1 : move_up(opened);
    if (descriptor < 0) {
        problem_set(problem, PROBLEM_FILE_FAILED, "opening %s: %s", key_file, strerror(errno));
        return NULL;
    }
    struct signer *signer = start_on(descriptor, problem);
    close(descriptor);
    return greet(signer, problem);
}

void signer_stop(struct signer *signer)
{
    if (signer != NULL)
        end(signer);
}

static bool exchange(struct signer *signer, const char *question, size_t length, char *answer,
                     size_t *answer_length)
{
    ssize_t count;
    do
        count = send(signer->channel, question, length, MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    if (count != (ssize_t)length)
        return false;
    do
        count = read(signer->channel, answer, SIGNER_MESSAGE_MAX);
    while (count < 0 && errno == EINTR);
    *answer_length = count > 0 ? (size_t)count : 0;
    return count > 0;
}

static bool ask(struct signer *signer, enum signer_question kind, struct text content, uint8_t *out,
                size_t wanted, struct problem *problem)
{
    char question[SIGNER_MESSAGE_MAX];
    char answer[SIGNER_MESSAGE_MAX];
    size_t length = 0;
    if (content.length > sizeof question - 1)
        return problem_set(problem, PROBLEM_INTERNAL, "%zu bytes are too many for the signer",
                           content.length);
    question[0] = (char)kind;
    memcpy(question + 1, content.bytes, content.length);
    pthread_mutex_lock(&signer->lock);
    bool ok = !signer->gone && exchange(signer, question, content.length + 1, answer, &length);
    if (!ok)
        gone(signer, problem);
    pthread_mutex_unlock(&signer->lock);
    if (!ok)
        return false;
    if (answer[0] != SIGNER_DONE || length != wanted + 1)
        return problem_set(problem, PROBLEM_INTERNAL, "the signer refused: %.*s", (int)length - 1,
                           answer + 1);
    memcpy(out, answer + 1, wanted);
    return true;
}

bool signer_sign(void *signer, struct text message, uint8_t signature[ED25519_SIGNATURE_BYTES],
                 struct problem *problem)
{
    return ask(signer, SIGNER_SIGN, message, signature, ED25519_SIGNATURE_BYTES, problem);
}

bool signer_derive(void *signer, struct text label, uint8_t out[32], struct problem *problem)
{
    return ask(signer, SIGNER_DERIVE, label, out, 32, problem);
}

bool signer_healthy(void *context, struct problem *problem)
{
    struct signer *signer = context;
    siginfo_t ended = {0};
    pthread_mutex_lock(&signer->lock);
    bool ok = !signer->gone &&
              waitid(P_PID, (id_t)signer->process, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
              ended.si_pid == 0;
    if (!ok)
        gone(signer, problem);
    pthread_mutex_unlock(&signer->lock);
    return ok;
}
