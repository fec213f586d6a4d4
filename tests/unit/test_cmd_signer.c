/* The signer as a process of its own: what it signs, what it refuses, and what its end means. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "cmd/home.h"
#include "cmd/signer.h"
#include "tlog/checkpoint.h"

#define ORIGIN "signer.example/log"

struct fixture {
    char folder[64];
    char key_file[HOME_PATH_BYTES];
    struct note_key key;
    struct signer *signer;
};

static int start(void **state)
{
    static struct fixture fixture;
    struct problem problem;
    char line[HOME_LINE_BYTES_MAX];
    char home[96];
    snprintf(fixture.folder, sizeof fixture.folder, "/tmp/counterfoil-signer-XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    snprintf(home, sizeof home, "%s/data", fixture.folder);
    assert_true(home_create(home, ORIGIN, TEXT_NONE, &problem));
    home_path(home, HOME_SIGNER_KEY, fixture.key_file);
    assert_true(home_read_line(home, HOME_VERIFIER_KEY, line, &problem));
    assert_true(note_key_parse(text_of(line), &fixture.key, &problem));
    fixture.signer = signer_start(fixture.key_file, &problem);
    assert_non_null(fixture.signer);
    *state = &fixture;
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {HOME_SIGNER_KEY, HOME_VERIFIER_KEY, HOME_CONFIG};
    char home[96];
    char path[HOME_PATH_BYTES];
    signer_stop(fixture->signer);
    snprintf(home, sizeof home, "%s/data", fixture->folder);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        home_path(home, names[i], path);
        unlink(path);
    }
    rmdir(home);
    return rmdir(fixture->folder);
}

static bool sign(struct fixture *fixture, const char *origin, uint64_t size, uint8_t root,
                 struct problem *problem)
{
    struct checkpoint checkpoint = {.origin = text_of(origin), .size = size};
    struct buffer text;
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    memset(checkpoint.root.bytes, root, DIGEST_BYTES);
    buffer_init(&text);
    checkpoint_add(&text, &checkpoint);
    bool ok = signer_sign(fixture->signer, buffer_view(&text), signature, problem);
    if (ok)
        assert_true(ed25519_verify(fixture->key.bytes, buffer_view(&text), signature));
    buffer_done(&text);
    return ok;
}

static void the_log_may_only_grow(void **state)
{
    struct problem problem;
    static const struct {
        const char *origin;
        uint64_t size;
        uint8_t root;
        const char *refused;
    } steps[] = {
        {ORIGIN, 0, 0, NULL},
        {ORIGIN, 5, 1, NULL},
        {ORIGIN, 5, 1, NULL}, /* again, after a crash */
        {ORIGIN, 5, 2, "another root"},
        {ORIGIN, 4, 1, "smaller"},
        {"other.example/log", 6, 1, "another log"},
        {ORIGIN, 6, 3, NULL},
        {ORIGIN, 5, 1, "smaller"},
    };
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        bool ok = sign(*state, steps[i].origin, steps[i].size, steps[i].root, &problem);
        assert_int_equal(ok, steps[i].refused == NULL);
        if (!ok)
            assert_non_null(strstr(problem.detail, steps[i].refused));
    }
}

static void nothing_but_checkpoints_is_signed(void **state)
{
    struct fixture *fixture = *state;
    static const char *const messages[] = {
        "", "x", ORIGIN "\n", ORIGIN "\n7\nAAAA\n",
        ORIGIN "\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextension\n"};
    struct problem problem;
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    char large[SIGNER_MESSAGE_MAX] = {0};
    for (size_t i = 0; i < COUNT_OF(messages); i++)
        assert_false(signer_sign(fixture->signer, text_of(messages[i]), signature, &problem));
    assert_false(
        signer_sign(fixture->signer, (struct text){large, sizeof large}, signature, &problem));
    assert_true(signer_healthy(fixture->signer, &problem));
}

static void secrets_are_derived_by_label(void **state)
{
    struct fixture *fixture = *state;
    struct problem problem;
    uint8_t a[32];
    uint8_t b[32];
    assert_true(signer_derive(fixture->signer, TEXT("one"), a, &problem));
    assert_true(signer_derive(fixture->signer, TEXT("one"), b, &problem));
    assert_memory_equal(a, b, sizeof a);
    assert_true(signer_derive(fixture->signer, TEXT("two"), b, &problem));
    assert_memory_not_equal(a, b, sizeof a);
}

static void a_damaged_key_file_stops_the_start(void **state)
{
    struct fixture *fixture = *state;
    static const char *const files[] = {"", "nonsense\n",
                                        "PRIVATE+KEY+" ORIGIN "+00000000+AAAA\nAAAA\n"};
    struct problem problem;
    char path[96];
    snprintf(path, sizeof path, "%s/bad.key", fixture->folder);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        assert_true(file_create(path, text_of(files[i]), 0600, &problem));
        assert_null(signer_start(path, &problem));
        assert_int_equal(problem.code, PROBLEM_SIGNER_GONE);
        unlink(path);
    }
    assert_null(signer_start(path, &problem));
    assert_int_equal(problem.code, PROBLEM_FILE_FAILED);
}

static pid_t only_child(void)
{
    char path[64];
    struct problem problem;
    struct buffer list;
    buffer_init(&list);
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    assert_true(file_read(path, 4096, &list, &problem));
    char *text = buffer_release(&list);
    long child = strtol(text, NULL, 10);
    free(text);
    assert_true(child > 1);
    return (pid_t)child;
}

/* The daemon must notice, and not go on without signatures. */
static void its_end_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct problem problem;
    siginfo_t ended;
    pid_t child = only_child();
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
    assert_false(signer_healthy(fixture->signer, &problem));
    assert_int_equal(problem.code, PROBLEM_SIGNER_GONE);
    assert_false(sign(fixture, ORIGIN, 9, 9, &problem));
    assert_int_equal(problem.code, PROBLEM_SIGNER_GONE);
}

/* The system calls that it gave up kill it: it can be asked nothing but its two questions. */
static void it_is_another_process_without_root(void **state)
{
    (void)state;
    char path[64];
    struct problem problem;
    struct buffer status;
    buffer_init(&status);
    snprintf(path, sizeof path, "/proc/%d/status", (int)only_child());
    assert_true(file_read(path, 65536, &status, &problem));
    char *text = buffer_release(&status);
    assert_non_null(strstr(text, "Seccomp:\t2"));
    assert_non_null(strstr(text, "NoNewPrivs:\t1"));
    assert_null(strstr(text, "Uid:\t0"));
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_log_may_only_grow, start, stop),
        cmocka_unit_test_setup_teardown(nothing_but_checkpoints_is_signed, start, stop),
        cmocka_unit_test_setup_teardown(secrets_are_derived_by_label, start, stop),
        cmocka_unit_test_setup_teardown(a_damaged_key_file_stops_the_start, start, stop),
        cmocka_unit_test_setup_teardown(its_end_is_noticed, start, stop),
        cmocka_unit_test_setup_teardown(it_is_another_process_without_root, start, stop),
    };
    /* The signer is this program, started again. */
    if (argc == 2 && strcmp(argv[1], SIGNER_ROLE) == 0)
        return signer_serve();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
