#include <string.h>

#include "policy/letters.h"
#include "policy/scan.h"

#define HANDLE_MIN 4
#define HOST_MAX 255

/* Endings of hosts that are written in messages; the others count only with a scheme or a path. */
static const char endings[] =
    " com net org ru su info biz shop store online site top xyz club vip pro app dev io tv cc "
    "cn hk tw jp kr es mx ar cl pe ve uk de fr it eu ua by kz uz ge pl tr br us ca au nz in ly gl "
    "link live chat space website tech page mobi asia lol fun icu gg ee "
    "edu gov example cat eus gal ltd ren wang ink vin sale shopping boutique blog wiki cloud media "
    "market digital agency delivery express support center ";
/* Words, too: "shipped.it arrived" is no address, "bit.ly/x" and "site.me/x" are. */
static const char words_too[] = " it in us by be so is to at me am do no as my id ";

bool in_list(const char *list, const unsigned char *word, size_t length)
{
    char wanted[16];
    if (length == 0 || length + 2 >= sizeof wanted)
        return false;
    wanted[0] = ' ';
    memcpy(wanted + 1, word, length);
    wanted[length + 1] = ' ';
    return memmem(list, strlen(list), wanted, length + 2) != NULL;
}

bool is_host_ending(const unsigned char *ending, size_t length)
{
    return (length == 3 && memcmp(ending, "p\xd1\x84", 3) == 0) || /* "рф", folded */
           (in_list(endings, ending, length) && !in_list(words_too, ending, length));
}

bool is_host_byte(const unsigned char *bytes, size_t at)
{
    return is_word_byte(bytes, at) || bytes[at] == '-';
}

static size_t host_start(const struct folded *folded, size_t at)
{
    size_t from = at;
    while (at > 0 && from - at < HOST_MAX &&
           (is_host_byte(folded->bytes, at - 1) ||
            (folded->bytes[at - 1] == '.' && at > 1 && is_host_byte(folded->bytes, at - 2))))
        at--;
    return at;
}

static size_t host_end(const struct folded *folded, size_t at)
{
    size_t from = at;
    while (at < folded->length && at - from < HOST_MAX &&
           (is_host_byte(folded->bytes, at) ||
            (folded->bytes[at] == '.' && is_host_byte(folded->bytes, at + 1))))
        at++;
    return at;
}

static size_t last_label(const struct folded *folded, size_t start, size_t end)
{
    size_t at = end;
    while (at > start && folded->bytes[at - 1] != '.')
        at--;
    return at;
}

static bool has_scheme(const struct folded *folded, size_t start)
{
    return (start >= 3 && memcmp(folded->bytes + start - 3, "://", 3) == 0) ||
           memcmp(folded->bytes + start, "www.", 4) == 0;
}

/* A name beneath HOST, or it. */
static bool is_beneath(struct text host, struct text wanted)
{
    if (host.length < wanted.length)
        return false;
    size_t before = host.length - wanted.length;
    return memcmp(host.bytes + before, wanted.bytes, wanted.length) == 0 &&
           (before == 0 || host.bytes[before - 1] == '.');
}

struct text list_of_host(const struct policy *policy, struct text host)
{
    struct text found = TEXT_NONE;
    size_t longest = 0;
    for (size_t i = 0; i < policy->link_count; i++) {
        if (policy->links[i].host.length > longest && is_beneath(host, policy->links[i].host)) {
            longest = policy->links[i].host.length;
            found = policy->links[i].name;
        }
    }
    return found;
}

static struct text host_text(const struct folded *folded, size_t start, size_t end)
{
    return (struct text){(const char *)folded->bytes + start, end - start};
}

/* Any ending may be a host's where a path follows; files have short ones. */
static bool is_plain_ending(const unsigned char *ending, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_ascii_letter(ending[i]))
            return false;
    return length >= 5 && length <= 12;
}

static bool is_host(const struct folded *folded, size_t start, size_t end, struct text list)
{
    size_t label = last_label(folded, start, end);
    if (label == start || end - start < 4)
        return false;
    if (has_scheme(folded, start) || list.length > 0)
        return true;
    const unsigned char *ending = folded->bytes + label;
    size_t length = end - label;
    bool path = folded->bytes[end] == '/' && is_word_byte(folded->bytes, end + 1);
    if (path && (in_list(words_too, ending, length) || is_plain_ending(ending, length)))
        return true;
    return is_host_ending(ending, length);
}

/* Scheme and path belong to what is shown. */
static void add_link(const struct folded *folded, size_t start, size_t end, struct text list,
                     struct candidates *candidates)
{
    const unsigned char *bytes = folded->bytes;
    if (start >= 3 && memcmp(bytes + start - 3, "://", 3) == 0) {
        start -= 3;
        while (start > 0 && is_ascii_letter(bytes[start - 1]))
            start--;
    }
    while (end < folded->length && bytes[end] > ' ' && bytes[end] < 0x80 && bytes[end] != '"' &&
           bytes[end] != ')' && bytes[end] != ',' && bytes[end] != '!')
        end++;
    while (bytes[end - 1] == '.')
        end--;
    candidate_add(candidates, SCANNER_LINK, start, end, list);
}

static size_t try_link(const struct policy *policy, const struct folded *folded, size_t dot,
                       struct candidates *candidates)
{
    size_t start = host_start(folded, dot), end = host_end(folded, dot + 1);
    struct text list = list_of_host(policy, host_text(folded, start, end));
    if (is_host(folded, start, end, list))
        add_link(folded, start, end, list, candidates);
    return end;
}

static bool is_local_byte(unsigned char c)
{
    return is_digit(c) || is_ascii_letter(c) || c == '.' || c == '_' || c == '-' || c == '+' ||
           c == '%';
}

bool is_mail_host(const unsigned char *name, size_t length)
{
    static const char hosts[] = " gmail mail yandex yahoo hotmail outlook icloud qq bk inbox list "
                                "rambler proton protonmail ya live docomo ezweb softbank foxmail ";
    return in_list(hosts, name, length) || (length == 3 && memcmp(name, "163", 3) == 0) ||
           (length == 3 && memcmp(name, "126", 3) == 0);
}

/* "name@host.tld", "name @ host . tld", "name@gmail"; else "@name". Returns where it ends. */
static size_t try_mail(const struct folded *folded, size_t at, struct candidates *candidates)
{
    const unsigned char *bytes = folded->bytes;
    size_t start = at, end = at + 1;
    while (bytes[end] == '@' && end - at < 3)
        end++;
    while (start > 0 && at - start < 2 && bytes[start - 1] == ' ')
        start--;
    size_t local = start;
    while (local > 0 && start - local < 64 &&
           (is_local_byte(bytes[local - 1]) || is_word_byte(bytes, local - 1)))
        local--;
    while (end < folded->length && end - at < 3 && bytes[end] == ' ')
        end++;
    size_t host = end;
    end = host_end(folded, host);
    size_t name_end = end;
    while (name_end < folded->length && name_end - end < 2 && bytes[name_end] == ' ')
        name_end++;
    bool spaced_dot = bytes[name_end] == '.' && is_word_byte(bytes, host);
    if (spaced_dot) {
        size_t tail = name_end + 1;
        while (tail < name_end + 3 && (bytes[tail] == ' ' || bytes[tail] == '.'))
            tail++;
        size_t tail_end = host_end(folded, tail), label = last_label(folded, tail, tail_end);
        spaced_dot = in_list(endings, bytes + label, tail_end - label);
        end = spaced_dot ? tail_end : end;
    }
    size_t label = last_label(folded, host, end);
    /* "as @lamp.shop" is a nickname, "ann @example.org" is not. */
    bool dotted = label > host &&
                  ((start < at) == (host > at + 1) || in_list(endings, bytes + label, end - label));
    if (local < start && end > host &&
        (dotted || spaced_dot || is_mail_host(bytes + host, end - host))) {
        candidate_add(candidates, SCANNER_EMAIL, local, end, TEXT_NONE);
        return end;
    }
    end = at + 1;
    while (end < folded->length && (is_local_byte(bytes[end])) && end - at < 64)
        end++;
    while (end > at + 1 && (bytes[end - 1] == '.' || bytes[end - 1] == '-'))
        end--;
    if (end - at > HANDLE_MIN && (at == 0 || !is_word_byte(bytes, at - 1)))
        candidate_add(candidates, SCANNER_HANDLE, at, end, TEXT_NONE);
    return end;
}

/* "name[.]net", "name . com": where what follows the dot at DOT begins, 0 if it is none such. */
static size_t masked_tail(const struct folded *folded, size_t dot)
{
    const unsigned char *bytes = folded->bytes;
    size_t at = dot + 1;
    bool masked = bytes[dot - 1] == '[' || bytes[dot - 1] == '(' ||
                  (bytes[dot - 1] == ' ' && bytes[at] == ' ');
    while (at < folded->length && at - dot < 3 &&
           (bytes[at] == ' ' || bytes[at] == ']' || bytes[at] == ')'))
        at++;
    return masked && at > dot + 1 ? at : 0;
}

/* The list of the host that START to END and TAIL to TAIL_END are the labels of. */
static struct text list_of_parts(const struct policy *policy, const struct folded *folded,
                                 const size_t start, size_t end, size_t tail, size_t tail_end)
{
    char host[2 * HOST_MAX + 2];
    size_t length = end - start;
    memcpy(host, folded->bytes + start, length);
    host[length++] = '.';
    memcpy(host + length, folded->bytes + tail, tail_end - tail);
    return list_of_host(policy, (struct text){host, length + tail_end - tail});
}

/* The first dot at START or behind it; the text's end if there is none. */
static size_t dot_from(const struct folded *folded, size_t start)
{
    const unsigned char *dot =
        start < folded->length ? memchr(folded->bytes + start, '.', folded->length - start) : NULL;
    return dot != NULL ? (size_t)(dot - folded->bytes) : folded->length;
}

size_t scan_masked_links(const struct policy *policy, const struct folded *folded,
                         struct candidates *candidates)
{
    const unsigned char *bytes = folded->bytes;
    for (size_t dot = dot_from(folded, 2); dot + 2 < folded->length;
         dot = dot_from(folded, dot + 1)) {
        size_t tail = masked_tail(folded, dot), last = dot;
        if (tail == 0)
            continue;
        while (last > 1 &&
               (bytes[last - 1] == ' ' || bytes[last - 1] == '[' || bytes[last - 1] == '('))
            last--;
        size_t start = host_start(folded, last), end = host_end(folded, tail);
        bool short_host = last - start <= 2 && in_list(words_too, bytes + tail, end - tail);
        size_t label = last_label(folded, tail, end);
        bool plain = last - start >= 3 && is_host_ending(bytes + label, end - label);
        if (start < last && (plain || short_host))
            candidate_add(candidates, SCANNER_LINK, start, end,
                          list_of_parts(policy, folded, start, last, tail, end));
        dot = tail;
    }
    return folded->length;
}

size_t scan_addresses(const struct policy *policy, const struct folded *folded,
                      const struct shape *shape, struct candidates *candidates)
{
    size_t passed = 0, work = 0;
    for (size_t i = 0; i < shape->mark_count; i++) {
        size_t at = shape->marks[i];
        if (folded->bytes[at] == '@') {
            passed = try_mail(folded, at, candidates);
        } else if (at >= passed) {
            /* a dot left of an "@" belongs to a mail address */
            size_t end = host_end(folded, at);
            if (folded->bytes[end] == '@' || folded->bytes[end] == '_')
                continue;
            passed = try_link(policy, folded, at, candidates);
        }
        work += HOST_MAX;
    }
    return work;
}
