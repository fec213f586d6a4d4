/*
 * bench/judge: nanoseconds for the whole verdict on a message of about 200 bytes, in five
 * languages, beside the bare parts in the same run: folding alone, and Vectorscan alone over text
 * that is folded already.
 *
 *   judge [--rounds N] [--words N] [--known] RULES-FOLDER
 *
 * --words adds a list of so many words to look for, which no message has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "net/rules.h"
#include "policy/rules.h"

#define BATCH 200 /* messages between two looks at the clock */

/* What is ordinary: an order number, sizes, dates, prices, apologies. */
static const char *const messages[] = {
    "Hello! Your order 114-2233445 left our warehouse on 12 May and should reach you by Friday. If "
    "the box "
    "is damaged, please take a photo before you open it and send it here, we will replace the "
    "lamp.",
    "Thank you for your question. The cable is 1.8 m long and fits 230 V sockets; the shade is 32 "
    "cm wide. "
    "We have it in black, white and green, size M or L, and all of them come with a two-year "
    "warranty.",
    "We are sorry that the jacket is too small. You can return it within 30 days, the label is in "
    "the "
    "parcel, and we send size 42 or give the money back as soon as the carrier has scanned the "
    "parcel.",
    "Здравствуйте! Заказ 88123456 собран и передан в доставку, трек появится вечером. Если коробка "
    "помята, сфотографируйте её, пожалуйста.",
    "Добрый день! Размер 48 соответствует обхвату груди 96 см, ткань немного тянется. Возврат "
    "возможен в течение 14 дней, бирки не срезайте.",
    "Нам очень жаль, что лампа пришла разбитой. Мы уже оформили замену, новую отправим завтра, "
    "а старую возвращать не нужно, спасибо за фото.",
    "您好，您的订单20240512已经发货，预计三天内送达。收到后请先检查外包装，如有破损请拍照，我们会马"
    "上安排补发，给您"
    "带来不便非常抱歉。",
    "亲，这款台灯有黑色和白色两种，灯罩直径32厘米，线长1."
    "8米，支持七天无理由退换，质量问题运费由我们承担，请放心下单。",
    "非常抱歉让您久等了，仓库显示包裹昨天已经揽收，今天晚上会到达分拨中心，明天就会派送，请您注意查"
    "收，谢谢理解。",
    "Hola, su pedido 2000004567 salió ayer del almacén y llegará el viernes. Si la caja viene "
    "golpeada, "
    "haga una foto antes de abrirla y la cambiamos sin costo, disculpe las molestias.",
    "Buenas tardes, la talla 42 corresponde a 96 cm de pecho y la tela estira un poco. Puede "
    "devolver la "
    "chaqueta en 30 días con la etiqueta que viene en el paquete, y le enviamos otra.",
    "Lamentamos que la lámpara llegara rota. Mañana sale una nueva, no hace falta devolver la "
    "anterior. "
    "Gracias por las fotos y por su paciencia, cualquier duda escríbanos por aquí.",
    "ご注文番号20240512の商品は本日発送いたしました。金曜日までにお届け予定です。箱に傷がある場合は"
    "、開封前に写"
    "真をお送りください。",
    "お問い合わせありがとうございます。ランプの高さは45cm、コードは1."
    "8mです。色は黒と白の二種類で、保証は二年間付い"
    "ております。",
    "商品が割れて届いたとのこと、大変申し訳ございません。明日新しいものをお送りします。破損した品の"
    "返送は不要です。",
};
#define MESSAGES COUNT_OF(messages)

struct bench {
    struct policy *policy;
    struct policy_worker *worker;
    struct folded folded[MESSAGES], scratch;
    const struct matcher *matchers[2]; /* all texts that there are */
    struct matcher_scratch *matcher_scratch;
    struct policy_message message;
};

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void judge(struct bench *bench, size_t index)
{
    bench->message.text = text_of(messages[index]);
    policy_judge(bench->worker, &bench->message);
}

static void fold(struct bench *bench, size_t index)
{
    fold_text(&bench->scratch, text_of(messages[index]));
}

static bool ignore(void *context, size_t expression, size_t end)
{
    size_t *sum = context;
    *sum += expression + end;
    return true;
}

static void match(struct bench *bench, size_t index)
{
    static size_t sum;
    const struct folded *folded = &bench->folded[index];
    const struct text text = {(const char *)folded->bytes, folded->length};
    for (size_t i = 0; i < COUNT_OF(bench->matchers); i++)
        matcher_scan(bench->matchers[i], bench->matcher_scratch, text, ignore, &sum);
}

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* The processor's time for one message. */
static double measure(struct bench *bench, void (*step)(struct bench *, size_t), size_t message)
{
    int64_t started = cpu_ns();
    for (size_t i = 0; i < BATCH; i++)
        step(bench, message);
    return (double)(cpu_ns() - started) / BATCH;
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

enum { FOLDING, MATCHING, WHOLE, RATIO, FIGURES };

/* Parts and whole one after another: the machine's mood is then the same. Medians of the rounds. */
static void measure_message(struct bench *bench, size_t message, size_t rounds, double *figures)
{
    double *values = calloc(FIGURES * rounds, sizeof *values);
    MUST(values != NULL);
    for (size_t i = 0; i < rounds; i++) {
        values[FOLDING * rounds + i] = measure(bench, fold, message);
        values[MATCHING * rounds + i] = measure(bench, match, message);
        values[WHOLE * rounds + i] = measure(bench, judge, message);
        values[RATIO * rounds + i] = values[WHOLE * rounds + i] /
                                     (values[FOLDING * rounds + i] + values[MATCHING * rounds + i]);
    }
    for (size_t i = 0; i < FIGURES; i++)
        figures[i] = median(values + i * rounds, rounds);
    free(values);
}

static void report(struct bench *bench, size_t rounds)
{
    double figures[FIGURES][MESSAGES], mean[FIGURES] = {0}, one[FIGURES];
    for (size_t i = 0; i < MESSAGES; i++) {
        measure_message(bench, i, rounds, one);
        for (size_t j = 0; j < FIGURES; j++) {
            figures[j][i] = one[j];
            mean[j] += one[j] / MESSAGES;
        }
    }
    printf("                  median message      mean\n");
    printf("folding alone        %8.0f ns %8.0f ns\n", median(figures[FOLDING], MESSAGES),
           mean[FOLDING]);
    printf("Vectorscan alone     %8.0f ns %8.0f ns\n", median(figures[MATCHING], MESSAGES),
           mean[MATCHING]);
    printf("whole verdict        %8.0f ns %8.0f ns\n", median(figures[WHOLE], MESSAGES),
           mean[WHOLE]);
    printf("times the parts      %8.2f    %8.2f\n", median(figures[RATIO], MESSAGES), mean[RATIO]);
}

/* A list like those of words that shops forbid: nothing like it stands in the messages. */
static void write_words(struct buffer *out, size_t count)
{
    static const char *const syllables[] = {"ka",  "zor", "mip", "tul", "ве",  "гро", "xen", "дук",
                                            "qua", "bry", "што", "lim", "фар", "nod", "жук", "pes"};
    buffer_string(out, "language: any\nrule insult\n  version: 1\n  phrases:\n");
    for (size_t i = 0; i < count; i++) {
        buffer_string(out, "    ");
        for (size_t rest = i + 65536, digit = 0; digit < 5; digit++, rest /= 16)
            buffer_string(out, syllables[rest % 16]);
        buffer_format(out, "%s\n", i >= 65536 ? "mar" : "");
    }
    buffer_string(out, "  hits:\n    kakakakazor\n");
}

static struct policy *read_policy(const char *folder, size_t words)
{
    struct rule_files files;
    struct problem problem;
    struct buffer list;
    buffer_init(&list);
    if (!rule_files_read(&files, folder, &problem)) {
        fprintf(stderr, "bench: %s\n", problem.detail);
        exit(1);
    }
    if (words > 0) {
        write_words(&list, words);
        files.sources = realloc(files.sources, (files.count + 1) * sizeof *files.sources);
        MUST(files.sources != NULL);
        files.sources[files.count] = (struct policy_source){TEXT("words"), buffer_view(&list)};
    }
    int64_t started = time_monotonic();
    struct policy *policy = policy_new_untested(files.sources, files.count + (words > 0), &problem);
    if (policy == NULL) {
        fprintf(stderr, "bench: %s\n", problem.detail);
        exit(1);
    }
    printf("%zu phrases, compiled in %.2f s\n", policy->phrase_count,
           (double)(time_monotonic() - started) / 1e6);
    rule_files_done(&files);
    buffer_done(&list);
    return policy;
}

static void run(const char *folder, size_t rounds, size_t words)
{
    const struct text known[] = {TEXT("114-2233445"), TEXT("LAMP-3"), TEXT("RB123456785CN")};
    struct bench bench = {.policy = read_policy(folder, words)};
    size_t bytes = 0;
    bench.worker = policy_worker_new(bench.policy);
    bench.matchers[0] = bench.policy->index->always;
    bench.matchers[1] = bench.policy->index->gated;
    bench.matcher_scratch = matcher_scratch_new(bench.matchers, COUNT_OF(bench.matchers));
    bench.message =
        (struct policy_message){.from = POLICY_FROM_SELLER, .known = known, .known_count = 3};
    for (size_t i = 0; i < MESSAGES; i++) {
        fold_text(&bench.folded[i], text_of(messages[i]));
        bytes += strlen(messages[i]);
    }
    printf("%zu messages of %zu bytes in five languages\n", MESSAGES, bytes / MESSAGES);
    report(&bench, rounds);
    for (size_t i = 0; i < MESSAGES; i++)
        folded_done(&bench.folded[i]);
    folded_done(&bench.scratch);
    matcher_scratch_free(bench.matcher_scratch);
    policy_worker_free(bench.worker);
    policy_free(bench.policy);
}

int main(int argc, char **argv)
{
    size_t rounds = 31, words = 0;
    const char *folder = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--words") == 0 && i + 1 < argc)
            words = strtoul(argv[++i], NULL, 10);
        else
            folder = argv[i];
    }
    if (rounds == 0) {
        fprintf(stderr, "usage: bench_judge [--rounds N] [--words N] [RULES-FOLDER]\n");
        return 2;
    }
    run(folder, rounds, words);
    return 0;
}
