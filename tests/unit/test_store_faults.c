/* What the store does when it is locked, newer, damaged, full, read-only, or its process killed. */
#define STORE_IS_A_FILE /* what can go wrong with one */
#include "test_store_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/time.h"

static void assert_refused(struct fixture *fixture, enum problem_code code)
{
    struct store *store =
        store_open_with(fixture->folder.url, &fixture->options, &fixture->problem);
    assert_null(store);
    if (fixture->problem.code != code)
        fail_msg("%s: %s", problem_kind(fixture->problem.code)->name, fixture->problem.detail);
}

static void write_some(struct fixture *fixture, struct store *store, int count)
{
    for (int i = 0; i < count; i++) {
        struct parcel_row row = parcel(i, "some");
        if (!write_parcel(store, &row, false, &fixture->problem))
            fail_msg("%s", fixture->problem.detail);
    }
}

/* A closed store with COUNT parcels. */
static void make_store(struct fixture *fixture, int count)
{
    struct store *store = open_store(fixture);
    write_some(fixture, store, count);
    store_close(store);
}

static void overwrite(const char *path, off_t at, const void *bytes, size_t length)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes, length, at), length);
    close(file);
}

static void urls_that_are_none_are_refused(void **state)
{
    static const char *const urls[] = {"", "sqlite", "sqlite:", "store.db", "SQLITE:x", ":x"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        assert_null(store_open_with(urls[i], &fixture->options, &fixture->problem));
        assert_int_equal(fixture->problem.code, PROBLEM_CONFIGURATION);
    }
    assert_null(store_open_with("sqlite:/nowhere/x.db", &fixture->options, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_FAILED);
    fixture->options.writable = false;
    assert_refused(fixture, PROBLEM_STORE_FAILED); /* nothing is there to read */
}

static void a_second_writer_is_told_who_holds_it(void **state)
{
    struct fixture *fixture = *state;
    char pid[32];
    struct store *store = open_store(fixture);
    assert_refused(fixture, PROBLEM_STORE_LOCKED);
    snprintf(pid, sizeof pid, "by process %d", (int)getpid());
    assert_non_null(strstr(fixture->problem.detail, pid));
    store_close(store);
    store_close(open_store(fixture));
}

static void new_schema_files_are_applied_once(void **state)
{
    struct fixture *fixture = *state;
    struct store_column columns[4];
    size_t count;
    make_store(fixture, 2);
    fixture->schema[1] =
        schema_file("0002_boxes.sql", "CREATE TABLE boxes (\n"
                                      "    org INTEGER NOT NULL,\n"
                                      "    CONSTRAINT boxes_key PRIMARY KEY (org)\n"
                                      ");\n");
    for (int i = 0; i < 2; i++) {
        struct store *store = open_store(fixture);
        assert_true(store_describe(store, "boxes", columns, 4, &count, &fixture->problem));
        assert_int_equal(count, 1);
        assert_int_equal(count_parcels(fixture, store), 2);
        store_close(store);
    }
    fixture->schema[1] = (struct embedded_file){.path = NULL};
    assert_refused(fixture, PROBLEM_STORE_NEWER);
    fixture->options.writable = false;
    assert_refused(fixture, PROBLEM_STORE_NEWER);
}

static void a_schema_file_is_applied_whole_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    struct store_column columns[4];
    size_t count;
    make_store(fixture, 1);
    fixture->schema[1] = schema_file("0002_wrong.sql", "CREATE TABLE boxes (\n"
                                                       "    org INTEGER PRIMARY KEY\n"
                                                       ");\n"
                                                       "CREATE TABLE;\n");
    assert_refused(fixture, PROBLEM_INTERNAL);
    fixture->schema[1] = (struct embedded_file){.path = NULL};
    struct store *store = open_store(fixture);
    assert_true(store_describe(store, "boxes", columns, 4, &count, &fixture->problem));
    assert_int_equal(count, 0);
    store_close(store);
}

static void an_edited_schema_file_is_refused(void **state)
{
    struct fixture *fixture = *state;
    make_store(fixture, 1);
    fixture->schema[0].length--;
    assert_refused(fixture, PROBLEM_STORE_FAILED);
    assert_non_null(strstr(fixture->problem.detail, "0001_parcels.sql"));
}

static void a_reader_of_an_older_schema_is_told(void **state)
{
    struct fixture *fixture = *state;
    make_store(fixture, 1);
    fixture->schema[1] = schema_file("0002_more.sql", "CREATE INDEX x ON stops (number);\n");
    fixture->options.writable = false;
    assert_refused(fixture, PROBLEM_STORE_FAILED);
    assert_non_null(strstr(fixture->problem.detail, "version 1"));
}

static void what_is_no_database_is_refused(void **state)
{
    struct fixture *fixture = *state;
    make_store(fixture, 1);
    overwrite(fixture->folder.file, 0, "Hello, I was a store", 20);
    assert_refused(fixture, PROBLEM_STORE_CORRUPT);
    assert_non_null(strstr(fixture->problem.detail, fixture->folder.file));
    fixture->options.writable = false;
    assert_refused(fixture, PROBLEM_STORE_CORRUPT);
}

static void another_programs_database_is_refused(void **state)
{
    struct fixture *fixture = *state;
    make_store(fixture, 1);
    overwrite(fixture->folder.file, 68, "\0\0\0\1", 4); /* the header's application id */
    assert_refused(fixture, PROBLEM_STORE_FAILED);
    assert_non_null(strstr(fixture->problem.detail, "not a Counterfoil store"));
}

/* Every page but the first is filled with noise: wherever one reads, it is noticed. */
static void damaged_pages_are_noticed(void **state)
{
    struct fixture *fixture = *state;
    unsigned char noise[4096];
    struct stat status;
    make_store(fixture, 100);
    assert_int_equal(stat(fixture->folder.file, &status), 0);
    memset(noise, 0xa5, sizeof noise);
    for (off_t at = 4096; at < status.st_size; at += 4096)
        overwrite(fixture->folder.file, at, noise, sizeof noise);
    assert_refused(fixture, PROBLEM_STORE_CORRUPT);
}

static void set_file_limit(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A file that may not grow stands for a full disk: SQLite sees a write that fails. */
static void a_full_disk_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    char *label = calloc(1, 20001);
    int64_t committed = 0;
    assert_non_null(label);
    memset(label, 'x', 20000);
    struct store *store = open_store(fixture);
    signal(SIGXFSZ, SIG_IGN);
    set_file_limit(1 << 20);
    for (int i = 0; i < 200; i++) {
        struct parcel_row row = parcel(i, label);
        if (!write_parcel(store, &row, false, &fixture->problem))
            break;
        committed++;
    }
    struct parcel_row after = parcel(1, label);
    bool refused = !write_parcel(store, &after, false, &fixture->problem);
    enum problem_code code = fixture->problem.code;
    set_file_limit(RLIM_INFINITY);
    signal(SIGXFSZ, SIG_DFL);
    assert_true(committed > 10 && committed < 200);
    assert_true(refused);
    assert_int_equal(code, PROBLEM_STORE_FULL);
    assert_int_equal(count_parcels(fixture, store), committed);
    assert_true(write_parcel(store, &after, false, &fixture->problem)); /* there is space again */
    store_close(store);
    store = open_store(fixture);
    assert_int_equal(count_parcels(fixture, store), committed + 1);
    store_close(store);
    free(label);
}

/* Runs TRY in a process that may not write the store; its exit status is the problem's code. */
static enum problem_code try_as_nobody(struct fixture *fixture,
                                       enum problem_code (*try)(struct fixture *fixture))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct passwd *nobody = getpwnam("nobody");
        if (geteuid() == 0 &&
            (nobody == NULL || setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0))
            _exit(PROBLEM_NONE);
        _exit((int)try(fixture));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (enum problem_code)WEXITSTATUS(status);
}

static enum problem_code try_open(struct fixture *fixture)
{
    struct store *store =
        store_open_with(fixture->folder.url, &fixture->options, &fixture->problem);
    if (store != NULL)
        store_close(store);
    return store == NULL ? fixture->problem.code : PROBLEM_NONE;
}

static void files_that_may_not_be_written(void **state)
{
    static const struct {
        mode_t folder, file, lock;
        bool writable;
        enum problem_code code;
    } cases[] = {
        {0555, 0444, 0444, true, PROBLEM_STORE_READ_ONLY},
        {0555, 0444, 0666, true, PROBLEM_STORE_READ_ONLY},
        {0555, 0666, 0666, true, PROBLEM_STORE_READ_ONLY}, /* no place for the WAL */
        {0777, 0444, 0666, true, PROBLEM_STORE_READ_ONLY},
        {0777, 0666, 0666, true, PROBLEM_NONE},
        {0555, 0444, 0444, false, PROBLEM_NONE},
        {0555, 0000, 0444, false, PROBLEM_STORE_READ_ONLY},
    };
    struct fixture *fixture = *state;
    char lock[160];
    snprintf(lock, sizeof lock, "%s.lock", fixture->folder.file);
    make_store(fixture, 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(chmod(fixture->folder.file, cases[i].file), 0);
        assert_int_equal(chmod(lock, cases[i].lock), 0);
        assert_int_equal(chmod(fixture->folder.path, cases[i].folder), 0);
        fixture->options.writable = cases[i].writable;
        enum problem_code code = try_as_nobody(fixture, try_open);
        if (code != cases[i].code)
            fail_msg("case %zu: %d", i, (int)code);
    }
    assert_int_equal(chmod(fixture->folder.path, 0700), 0);
}

static size_t count_files(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void opening_for_reading_leaves_no_trace(void **state)
{
    struct fixture *fixture = *state;
    make_store(fixture, 3);
    size_t files = count_files(fixture->folder.path);
    struct store_options reading = fixture->options;
    reading.writable = false;
    struct store *reader = store_open_with(fixture->folder.url, &reading, &fixture->problem);
    assert_non_null(reader);
    assert_int_equal(count_parcels(fixture, reader), 3);
    assert_int_equal(count_files(fixture->folder.path), files);
    assert_false(writer_begin(store_writer(reader, 0), &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_READ_ONLY);
    assert_refused(fixture, PROBLEM_STORE_LOCKED); /* the file must stay as it is */
    store_close(reader);
    assert_int_equal(count_files(fixture->folder.path), files);
}

static void reading_beside_a_writer(void **state)
{
    struct fixture *fixture = *state;
    struct store *writer = open_store(fixture);
    struct store_options reading = fixture->options;
    write_some(fixture, writer, 2);
    reading.writable = false;
    struct store *reader = store_open_with(fixture->folder.url, &reading, &fixture->problem);
    assert_non_null(reader);
    assert_int_equal(count_parcels(fixture, reader), 2);
    write_some(fixture, writer, 1);
    assert_int_equal(count_parcels(fixture, reader), 3);
    store_close(reader);
    reading.sharing = STORE_ALONE; /* a version that must not be opened twice */
    assert_null(store_open_with(fixture->folder.url, &reading, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_LOCKED);
    store_close(writer);
}

struct copying {
    struct fixture *fixture;
    struct store *store;
    uint64_t done, total;
    int written;
};

/* The store is written to while it is copied. */
static void write_meanwhile(void *context, uint64_t done, uint64_t total)
{
    struct copying *copying = context;
    assert_true(done <= total);
    copying->done = done;
    copying->total = total;
    copying->written += 2;
    write_some(copying->fixture, copying->store, 2);
}

static int64_t count_in_copy(struct fixture *fixture, const char *path)
{
    char url[200];
    snprintf(url, sizeof url, "sqlite:%s", path);
    struct store_options reading = {.schema = fixture->schema, .sharing = STORE_SHARED};
    struct store *copy = store_open_with(url, &reading, &fixture->problem);
    if (copy == NULL)
        fail_msg("%s", fixture->problem.detail);
    int64_t count = count_parcels(fixture, copy);
    store_close(copy);
    return count;
}

static void back_up(struct fixture *fixture)
{
    char path[160];
    struct copying copying = {.fixture = fixture, .store = open_store(fixture)};
    struct arena *arena = arena_new();
    char *label = arena_take(arena, 4001);
    memset(label, 'x', 4000);
    assert_true(writer_begin(store_writer(copying.store, 0), &fixture->problem));
    for (int i = 0; i < 1500; i++) { /* more pages than are copied in a step */
        struct parcel_row row = parcel(i, label);
        assert_true(save(copying.store, &parcels_table, &row, false, &fixture->problem));
    }
    assert_true(writer_commit(store_writer(copying.store, 0), &fixture->problem));
    snprintf(path, sizeof path, "%s.copy", fixture->folder.file);
    if (!store_backup(copying.store, path, write_meanwhile, &copying, &fixture->problem))
        fail_msg("%s", fixture->problem.detail);
    assert_true(copying.written >= 4 && copying.done == copying.total);
    int64_t copied = count_in_copy(fixture, path);
    assert_true(copied >= 1500 && copied <= 1500 + copying.written);
    assert_int_equal(count_parcels(fixture, copying.store), 1500 + copying.written);
    assert_false(store_backup(copying.store, path, NULL, NULL, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_FILE_FAILED);
    assert_int_equal(count_in_copy(fixture, path), copied);
    store_close(copying.store);
    arena_free(arena);
}

static void backup_of_a_running_store(void **state)
{
    back_up(*state);
}

static void backup_over_the_only_connection(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.sharing = STORE_ALONE;
    back_up(fixture);
}

static void backup_where_nothing_may_be_written(void **state)
{
    struct fixture *fixture = *state;
    char path[160];
    struct store *store = open_store(fixture);
    write_some(fixture, store, 500);
    snprintf(path, sizeof path, "%s.copy", fixture->folder.file);
    assert_false(store_backup(store, "/nowhere/copy", NULL, NULL, &fixture->problem));
    signal(SIGXFSZ, SIG_IGN);
    set_file_limit(16384);
    bool copied = store_backup(store, path, NULL, NULL, &fixture->problem);
    set_file_limit(RLIM_INFINITY);
    signal(SIGXFSZ, SIG_DFL);
    assert_false(copied);
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_FULL);
    assert_int_equal(access(path, F_OK), -1); /* no half of a backup is left */
    store_close(store);
}

/* Writes groups of three rows and reports each commit, until it is killed. */
_Noreturn static void write_until_killed(struct fixture *fixture, int report)
{
    struct problem problem;
    struct store *store = store_open_with(fixture->folder.url, &fixture->options, &problem);
    if (store == NULL)
        _exit(1);
    for (;;) {
        struct id ids[3];
        if (!writer_begin(store_writer(store, 0), &problem))
            _exit(2);
        for (size_t i = 0; i < COUNT_OF(ids); i++) {
            struct parcel_row row = parcel(1, "crash");
            ids[i] = row.id;
            if (!save(store, &parcels_table, &row, false, &problem))
                _exit(3);
        }
        if (!writer_commit(store_writer(store, 0), &problem) ||
            write(report, ids, sizeof ids) != sizeof ids)
            _exit(4);
    }
}

struct reported {
    struct id ids[3 * 4096];
    size_t count;
};

/* False at the end, or where there is no place for more. */
static bool read_report(struct reported *reported, int report)
{
    bool read_one = reported->count + 3 <= COUNT_OF(reported->ids) &&
                    read(report, &reported->ids[reported->count], 3 * sizeof(struct id)) ==
                        3 * sizeof(struct id);
    reported->count += read_one ? 3 : 0;
    return read_one;
}

/* AFTER so many microseconds, counted from its first group where it HAS_BEGUN. */
static void kill_a_writer(struct fixture *fixture, struct reported *reported, bool has_begun,
                          useconds_t after)
{
    int ends[2];
    int status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_until_killed(fixture, ends[1]);
    close(ends[1]);
    if (has_begun)
        assert_true(read_report(reported, ends[0]));
    usleep(after);
    assert_int_equal(kill(child, SIGKILL), 0);
    while (read_report(reported, ends[0]))
        continue;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status)); /* it did not end by itself */
}

static void assert_all_there(struct fixture *fixture, const struct reported *reported)
{
    struct store *store = open_store(fixture);
    struct reader *reader = store_reader_take(store);
    for (size_t i = 0; i < reported->count; i++) {
        struct parcel_row row = {.org = 1, .id = reported->ids[i]};
        bool found = false;
        assert_true(
            reader_load(reader, &parcels_table, &row, fixture->arena, &found, &fixture->problem));
        if (!found)
            fail_msg("row %zu of %zu was reported and is gone", i, reported->count);
    }
    assert_int_equal(reader_count(fixture, reader) % 3, 0); /* no half of a group */
    store_reader_give(store, reader);
    store_close(store);
    arena_reset(fixture->arena);
}

/* kill -9 at many moments: what was reported as committed is there, and only whole groups are. */
static void killed_writers_lose_nothing(void **state)
{
    struct fixture *fixture = *state;
    size_t total = 0;
    struct reported *reported = calloc(1, sizeof *reported);
    assert_non_null(reported);
    make_store(fixture, 3);
    for (int round = 0; round < 50; round++) {
        reported->count = 0;
        kill_a_writer(fixture, reported, round % 4 != 0, (useconds_t)(round * 1237 % 40000));
        assert_all_there(fixture, reported);
        total += reported->count;
    }
    assert_true(total > 0);
    free(reported);
}

static const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    TEST(urls_that_are_none_are_refused),    TEST(a_second_writer_is_told_who_holds_it),
    TEST(new_schema_files_are_applied_once), TEST(a_schema_file_is_applied_whole_or_not_at_all),
    TEST(an_edited_schema_file_is_refused),  TEST(a_reader_of_an_older_schema_is_told),
    TEST(what_is_no_database_is_refused),    TEST(another_programs_database_is_refused),
    TEST(damaged_pages_are_noticed),         TEST(a_full_disk_loses_nothing),
    TEST(files_that_may_not_be_written),     TEST(opening_for_reading_leaves_no_trace),
    TEST(reading_beside_a_writer),           TEST(backup_of_a_running_store),
    TEST(backup_over_the_only_connection),   TEST(backup_where_nothing_may_be_written),
    TEST(killed_writers_lose_nothing),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
