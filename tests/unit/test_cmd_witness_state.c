/* What a witness never forgets, and that it refuses to guess. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "cmd/witness_state.h"

struct fixture {
    char folder[64];
    char path[96];
};

static int make_folder(void **state)
{
    static struct fixture fixture;
    snprintf(fixture.folder, sizeof fixture.folder, "/tmp/counterfoil-witness-XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    snprintf(fixture.path, sizeof fixture.path, "%s/state", fixture.folder);
    *state = &fixture;
    return 0;
}

static int remove_folder(void **state)
{
    struct fixture *fixture = *state;
    char lock[128];
    snprintf(lock, sizeof lock, "%s.lock", fixture->path);
    unlink(lock);
    unlink(fixture->path);
    return rmdir(fixture->folder);
}

static struct witness_state state_of(uint64_t size, uint8_t root)
{
    struct witness_state state = {.exists = true, .size = size};
    memset(state.root.bytes, root, DIGEST_BYTES);
    return state;
}

static void logs_are_remembered(void **state)
{
    struct fixture *fixture = *state;
    struct problem problem;
    const struct witness_state states[] = {state_of(5, 1), state_of(0, 2), state_of(9, 3)};
    struct witness_records *records = witness_records_new(fixture->path, &problem);
    assert_non_null(records);
    assert_false(witness_records_find(records, TEXT("a.example/log")).exists);
    assert_true(witness_records_set(records, TEXT("a.example/log"), &states[0], &problem));
    assert_true(witness_records_set(records, TEXT("b.example/log"), &states[1], &problem));
    assert_true(witness_records_set(records, TEXT("a.example/log"), &states[2], &problem));
    witness_records_free(records);
    records = witness_records_new(fixture->path, &problem);
    assert_non_null(records);
    struct witness_state a = witness_records_find(records, TEXT("a.example/log"));
    struct witness_state b = witness_records_find(records, TEXT("b.example/log"));
    assert_true(a.exists && a.size == 9 && digest_equal(a.root, states[2].root));
    assert_true(b.exists && b.size == 0 && digest_equal(b.root, states[1].root));
    witness_records_free(records);
}

#define ROOT "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define BEGIN "counterfoil-witness-state/1\n"

static const char *const damaged[] = {
    "",
    "nonsense\n",
    "counterfoil-witness-state/2\n",
    "counterfoil-witness-state/1",
    BEGIN "a.example/log 5 " ROOT,
    BEGIN "a.example/log 5\n",
    BEGIN "a.example/log 05 " ROOT "\n",
    BEGIN "a.example/log -5 " ROOT "\n",
    BEGIN "a.example/log 5 AAAA\n",
    BEGIN "a.example/log 5 " ROOT " \n",
    BEGIN " 5 " ROOT "\n",
    BEGIN "a.example/log 5 " ROOT "\na.example/log 6 " ROOT "\n",
    BEGIN "a.example/log 5 " ROOT "\n\n",
};

static void a_damaged_file_is_refused_and_kept(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT_OF(damaged); i++) {
        struct problem problem;
        struct buffer after;
        assert_true(file_create(fixture->path, text_of(damaged[i]), 0644, &problem));
        assert_null(witness_records_new(fixture->path, &problem));
        assert_non_null(strstr(problem.detail, "damaged"));
        buffer_init(&after);
        assert_true(file_read(fixture->path, 4096, &after, &problem));
        assert_true(text_is(buffer_view(&after), damaged[i]));
        buffer_done(&after);
        unlink(fixture->path);
    }
}

static void two_witnesses_do_not_share_a_file(void **state)
{
    struct fixture *fixture = *state;
    struct problem problem;
    struct witness_records *records = witness_records_new(fixture->path, &problem);
    assert_non_null(records);
    assert_null(witness_records_new(fixture->path, &problem));
    assert_non_null(strstr(problem.detail, "another witness"));
    witness_records_free(records);
}

static void what_cannot_be_written_is_not_remembered(void **state)
{
    struct fixture *fixture = *state;
    struct problem problem;
    const struct witness_state five = state_of(5, 1);
    struct witness_records *records = witness_records_new(fixture->path, &problem);
    assert_non_null(records);
    /* A folder in the place of the file cannot be replaced by one. */
    unlink(fixture->path);
    char inside[128];
    snprintf(inside, sizeof inside, "%s/x", fixture->path);
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_int_equal(mkdir(inside, 0700), 0);
    assert_false(witness_records_set(records, TEXT("a.example/log"), &five, &problem));
    assert_false(witness_records_find(records, TEXT("a.example/log")).exists);
    rmdir(inside);
    rmdir(fixture->path);
    assert_true(witness_records_set(records, TEXT("a.example/log"), &five, &problem));
    witness_records_free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(logs_are_remembered, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_refused_and_kept, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(two_witnesses_do_not_share_a_file, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_is_not_remembered, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
