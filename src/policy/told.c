#include "policy/told.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "policy/letters.h"

#define WORD_MAX 32 /* bytes, folded */

/* A word, folded. */
struct told {
    size_t place; /* in the list as it is written here */
    size_t length;
    char folded[WORD_MAX];
};

static const char *const filler_words[] = {
    "後ろは全部", "а потом", "дальше", "следом", "пробел", "それから",   "ハイフン", "потом",
    "затем",      "далее",   "дефис",  "и ещё",  "のあと", "后面是",     "плюс",     "тире",
    "ещё",        "の後",    "全部",   "つぎ",   "次は",   "空格",       "然后",     "接着",
    "再来",       "后面",    "最后",   "横杠",   "中间",   "の",         "ー",       "と",
    "再",         "杠",      "и",      "y",      "and",    "seguido de", "despues",  "espacio",
    "hyphen",     "luego",   "guion",  "space",  "then",   "dash",
};

static const char *const counter_words[] = {"раза", "раз", "つの", "veces", "times", "个", "回"};

static const char *const ending_words[] = {
    "ру",   "ком",    "рф",         "орг",        "ме",   "ми",  "онлайн",
    "コム", "ネット", "ジェーピー", "ジェイピー", "康姆", "c0m",
};
/* NULL: as it is told. */
static const char *const ending_written[COUNT_OF(ending_words)] = {
    "ru", "com", NULL, "org", "me", "me", "online", "com", "net", "jp", "jp", "com", "com",
};

static struct told fillers[COUNT_OF(filler_words)], counters[COUNT_OF(counter_words)],
    endings[COUNT_OF(ending_words)];

static int longest_first(const void *a, const void *b)
{
    const struct told *left = a, *right = b;
    return (left->length < right->length) - (left->length > right->length);
}

static void fold_words(const char *const *words, struct told *told, size_t count)
{
    struct folded folded = {0};
    for (size_t i = 0; i < count; i++) {
        fold_text(&folded, text_of(words[i]));
        MUST(folded.length > 0 && folded.length < WORD_MAX);
        memcpy(told[i].folded, folded.bytes, folded.length);
        told[i].length = folded.length;
        told[i].place = i;
    }
    folded_done(&folded);
    qsort(told, count, sizeof *told, longest_first);
}

static void fold_all(void)
{
    fold_words(filler_words, fillers, COUNT_OF(fillers));
    fold_words(counter_words, counters, COUNT_OF(counters));
    fold_words(ending_words, endings, COUNT_OF(endings));
}

void told_fold(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    MUST(pthread_once(&once, fold_all) == 0);
}

static bool stands_at(const struct folded *folded, size_t at, const struct told *word)
{
    return at + word->length <= folded->length &&
           folded->bytes[at] == (unsigned char)word->folded[0] &&
           memcmp(folded->bytes + at, word->folded, word->length) == 0;
}

/* The length of the longest that stands at AT between edges of numbers, or 0. */
static size_t length_at(const struct folded *folded, size_t at, const struct told *words,
                        size_t count)
{
    if (!is_number_edge(folded->bytes, at))
        return 0;
    for (size_t i = 0; i < count; i++)
        if (stands_at(folded, at, &words[i]) && is_number_edge(folded->bytes, at + words[i].length))
            return words[i].length;
    return 0;
}

size_t told_filler(const struct folded *folded, size_t at)
{
    return length_at(folded, at, fillers, COUNT_OF(fillers));
}

size_t told_counter(const struct folded *folded, size_t at)
{
    return length_at(folded, at, counters, COUNT_OF(counters));
}

const char *told_ending(const struct folded *folded, size_t at, size_t *length)
{
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        if (!stands_at(folded, at, &endings[i]) || !is_edge(folded->bytes, at + endings[i].length))
            continue;
        *length = endings[i].length;
        const char *written = ending_written[endings[i].place];
        return written != NULL ? written : endings[i].folded;
    }
    return NULL;
}
