#include "net/fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>

#include "base/time.h"

#define CONNECT_TIMEOUT_MS 10000L

struct transfer {
    const struct fetch *request;
    struct buffer *answer;
    size_t taken;
    struct curl_slist *headers;
};

static void initialize(void)
{
    MUST(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    if (length > transfer->request->answer_bytes_max - transfer->taken)
        return CURL_WRITEFUNC_ERROR;
    transfer->taken += length;
    buffer_add(transfer->answer, bytes, length);
    return length;
}

static int stopped(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct fetch *request = context;
    (void)a, (void)b, (void)c, (void)d;
    return request->stop != NULL && atomic_load(request->stop);
}

static void add_header(struct transfer *transfer, const char *name, const char *value)
{
    char line[512];
    if (value == NULL)
        return;
    int length = snprintf(line, sizeof line, "%s: %s", name, value);
    MUST(length > 0 && (size_t)length < sizeof line);
    transfer->headers = curl_slist_append(transfer->headers, line);
    MUST(transfer->headers != NULL);
}

static void add_headers(struct transfer *transfer)
{
    const struct fetch *request = transfer->request;
    char authorization[256];
    add_header(transfer, "Content-Type", request->content_type);
    add_header(transfer, "Idempotency-Key", request->idempotency_key);
    if (request->bearer == NULL)
        return;
    int length = snprintf(authorization, sizeof authorization, "Bearer %s", request->bearer);
    MUST(length > 0 && (size_t)length < sizeof authorization);
    add_header(transfer, "Authorization", authorization);
}

static void prepare(CURL *curl, struct transfer *transfer)
{
    const struct fetch *request = transfer->request;
    add_headers(transfer);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(request->timeout_us / 1000));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stopped);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request);
    if (request->socket != NULL)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->socket);
    if (request->body.bytes != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.bytes);
    }
}

bool fetch(const struct fetch *request, unsigned *status, struct buffer *answer,
           struct problem *problem)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct transfer transfer = {.request = request, .answer = answer};
    long code = 0;
    pthread_once(&once, initialize);
    CURL *curl = curl_easy_init();
    MUST(curl != NULL);
    prepare(curl, &transfer);
    CURLcode result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_cleanup(curl);
    curl_slist_free_all(transfer.headers);
    *status = (unsigned)code;
    if (result != CURLE_OK)
        return problem_set(problem, PROBLEM_NETWORK_FAILED, "%s: %s", request->url,
                           curl_easy_strerror(result));
    return true;
}
