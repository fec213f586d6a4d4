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

#define ROOT "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define OTHER_ROOT "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define SIGNED "\n\xe2\x80\x94 w.example AAAAAQID\n"

/* What it keeps is not verified again: any signature will do. */
#define NOTE_A5 "a.example/log\n5\n" ROOT "\n" SIGNED
#define NOTE_A9 "a.example/log\n9\n" OTHER_ROOT "\nwith an extension\n" SIGNED
#define NOTE_B0 "b example\n0\n" ROOT "\n" SIGNED

static struct text shown(const struct witness_records *records, const char *origin)
{
    char hash[2 * DIGEST_BYTES + 1];
    checkpoint_origin_hash(text_of(origin), hash);
    return witness_records_note(records, text_of(hash));
}

static void logs_are_remembered(void **state)
{
    struct fixture *fixture = *state;
    struct problem problem;
    struct witness_records *records = witness_records_new(fixture->path, &problem);
    assert_non_null(records);
    assert_false(witness_records_find(records, TEXT("a.example/log")).exists);
    assert_int_equal(shown(records, "a.example/log").length, 0);
    assert_true(witness_records_set(records, TEXT(NOTE_A5), &problem));
    assert_true(text_is(shown(records, "a.example/log"), NOTE_A5));
    assert_true(witness_records_set(records, TEXT(NOTE_B0), &problem));
    assert_true(witness_records_set(records, TEXT(NOTE_A9), &problem));
    for (int restarted = 0; restarted < 2; restarted++) {
        struct witness_state a = witness_records_find(records, TEXT("a.example/log"));
        struct witness_state b = witness_records_find(records, TEXT("b example"));
        assert_true(a.exists && a.size == 9 && a.root.bytes[0] == 2);
        assert_true(b.exists && b.size == 0 && b.root.bytes[0] == 1);
        assert_true(text_is(shown(records, "a.example/log"), NOTE_A9));
        assert_true(text_is(shown(records, "b example"), NOTE_B0));
        assert_int_equal(shown(records, "c.example").length, 0);
        witness_records_free(records);
        records = witness_records_new(fixture->path, &problem);
        assert_non_null(records);
    }
    witness_records_free(records);
}

static void what_is_no_checkpoint_is_not_kept(void **state)
{
    static const char *const notes[] = {
        "",
        "a.example/log\n5\n" ROOT "\n",
        ("a.example/log\n05\n" ROOT "\n" SIGNED),
        ("a.example/log\n5\nAAAA\n" SIGNED),
    };
    struct fixture *fixture = *state;
    struct problem problem;
    struct witness_records *records = witness_records_new(fixture->path, &problem);
    assert_non_null(records);
    assert_true(witness_records_set(records, TEXT(NOTE_A5), &problem));
    for (size_t i = 0; i < COUNT_OF(notes); i++) {
        assert_false(witness_records_set(records, text_of(notes[i]), &problem));
        assert_true(text_is(shown(records, "a.example/log"), NOTE_A5));
    }
    witness_records_free(records);
}

static void there_is_place_for_every_log(void **state)
{
    struct fixture *fixture = *state;
    struct problem problem;
    char note[256];
    struct witness_records *records = witness_records_new(fixture->path, &problem);
    assert_non_null(records);
    for (int i = 0; i < WITNESS_LOGS_MAX; i++) {
        snprintf(note, sizeof note, "%d.example\n5\n" ROOT "\n" SIGNED, i);
        assert_true(witness_records_set(records, text_of(note), &problem));
    }
    assert_false(witness_records_set(records, TEXT(NOTE_A5), &problem));
    assert_true(witness_records_set(records, text_of(note), &problem));
    witness_records_free(records);
    records = witness_records_new(fixture->path, &problem);
    assert_non_null(records);
    assert_true(text_is(shown(records, "63.example"), note));
    witness_records_free(records);
}

#define BEGIN "counterfoil-witness-state/1\n"
#define GOOD BEGIN "checkpoint 85\n" NOTE_A5

static const char *const damaged[] = {
    "",
    "nonsense\n",
    "counterfoil-witness-state/2\n",
    "counterfoil-witness-state/1",
    BEGIN "\n",
    BEGIN NOTE_A5,
    BEGIN "85\n" NOTE_A5,
    BEGIN "checkpoint 84\n" NOTE_A5,
    BEGIN "checkpoint 86\n" NOTE_A5,
    BEGIN "checkpoint 085\n" NOTE_A5,
    BEGIN "checkpoint -1\n" NOTE_A5,
    BEGIN "checkpoint 85 \n" NOTE_A5,
    BEGIN "checkpoint 99999999999999999999\n" NOTE_A5,
    BEGIN "checkpoint 0\n",
    BEGIN "checkpoint 61\na.example/log\n5\n" ROOT "\n",
    GOOD "\n",
    GOOD "checkpoint 85\n" NOTE_A5,
};

static void a_file_is_what_the_header_says(void **state)
{
    struct fixture *fixture = *state;
    struct problem problem;
    assert_true(file_create(fixture->path, TEXT(GOOD), 0644, &problem));
    struct witness_records *records = witness_records_new(fixture->path, &problem);
    assert_non_null(records);
    assert_true(text_is(shown(records, "a.example/log"), NOTE_A5));
    witness_records_free(records);
}

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
    struct witness_records *records = witness_records_new(fixture->path, &problem);
    assert_non_null(records);
    /* A folder in the place of the file cannot be replaced by one. */
    unlink(fixture->path);
    char inside[128];
    snprintf(inside, sizeof inside, "%s/x", fixture->path);
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_int_equal(mkdir(inside, 0700), 0);
    assert_false(witness_records_set(records, TEXT(NOTE_A5), &problem));
    assert_false(witness_records_find(records, TEXT("a.example/log")).exists);
    assert_int_equal(shown(records, "a.example/log").length, 0);
    rmdir(inside);
    rmdir(fixture->path);
    assert_true(witness_records_set(records, TEXT(NOTE_A5), &problem));
    unlink(fixture->path);
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_int_equal(mkdir(inside, 0700), 0);
    assert_false(witness_records_set(records, TEXT(NOTE_A9), &problem));
    assert_true(text_is(shown(records, "a.example/log"), NOTE_A5));
    assert_int_equal(witness_records_find(records, TEXT("a.example/log")).size, 5);
    rmdir(inside);
    rmdir(fixture->path);
    witness_records_free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(logs_are_remembered, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_is_no_checkpoint_is_not_kept, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(there_is_place_for_every_log, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_is_what_the_header_says, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_refused_and_kept, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(two_witnesses_do_not_share_a_file, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_is_not_remembered, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
