#include "net/mail_message.h"

#include <ctype.h>
#include <gmime/gmime.h>
#include <pthread.h>
#include <string.h>

#include "base/time.h"

#define ADDRESS_MAX 254
#define LOCAL_MAX 64

static bool is_atom(char c)
{
    return isalnum((unsigned char)c) || strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL;
}

static bool is_local(struct text local)
{
    bool fits = local.length > 0 && local.length <= LOCAL_MAX && local.bytes[0] != '.' &&
                local.bytes[0] != '-' && local.bytes[local.length - 1] != '.';
    for (size_t i = 0; fits && i < local.length; i++)
        fits = local.bytes[i] != '\0' && (unsigned char)local.bytes[i] < 0x80 &&
               is_atom(local.bytes[i]);
    return fits;
}

static bool is_domain(struct text domain)
{
    bool dot = true; /* a label begins */
    for (size_t i = 0; i < domain.length; i++) {
        char c = domain.bytes[i];
        bool letter = (unsigned char)c < 0x80 && isalnum((unsigned char)c);
        if (!(letter || (c == '-' && !dot) || (c == '.' && !dot)))
            return false;
        dot = c == '.';
    }
    return domain.length > 0 && !dot;
}

bool mail_address_valid(struct text address)
{
    struct text domain = address;
    struct text local = text_cut(&domain, '@');
    return address.length <= ADDRESS_MAX && local.length < address.length && is_local(local) &&
           is_domain(domain);
}

static void initialize(void)
{
    g_mime_init();
}

/* Mail clients and filters tell notices from letters by these (RFC 3834). */
static void add_headers(GMimeMessage *mime, const struct mail_message *message)
{
    char id[ID_TEXT_BYTES];
    char message_id[ID_TEXT_BYTES + ADDRESS_MAX + 2];
    GDateTime *date = g_date_time_new_from_unix_utc(message->at / TIME_SECOND);
    const char *domain = strchr(message->from, '@') + 1;
    id_format("mail", message->id, id);
    snprintf(message_id, sizeof message_id, "%s@%.*s", id, ADDRESS_MAX, domain);
    g_mime_message_add_mailbox(mime, GMIME_ADDRESS_TYPE_FROM,
                               message->from_name[0] != '\0' ? message->from_name : NULL,
                               message->from);
    g_mime_message_add_mailbox(mime, GMIME_ADDRESS_TYPE_TO, NULL, message->to);
    g_mime_message_set_date(mime, date);
    g_mime_message_set_message_id(mime, message_id);
    g_mime_object_set_header(GMIME_OBJECT(mime), "Auto-Submitted", "auto-generated", NULL);
    g_date_time_unref(date);
}

static void add_text(GMimeMessage *mime, const struct mail_message *message)
{
    char *body = g_strndup(message->body.bytes, message->body.length);
    GMimeTextPart *part = g_mime_text_part_new();
    g_mime_text_part_set_charset(part, "utf-8");
    g_mime_text_part_set_text(part, body);
    g_mime_part_set_content_encoding(GMIME_PART(part), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    g_mime_message_set_mime_part(mime, GMIME_OBJECT(part));
    g_object_unref(part);
    g_free(body);
}

static void write_bytes(GMimeMessage *mime, struct buffer *out)
{
    GMimeFormatOptions *format = g_mime_format_options_new();
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_object_write_to_stream(GMIME_OBJECT(mime), format, stream);
    const GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    buffer_add(out, bytes->data, bytes->len);
    g_object_unref(stream);
    g_mime_format_options_free(format);
}

/* Of what came from outside the caller has made one line; a bug there must not become a header. */
static bool is_line(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.bytes[i] < 0x20 || text.bytes[i] == 0x7f)
            return false;
    return text_is_utf8(text);
}

bool mail_message_write(const struct mail_message *message, struct buffer *out,
                        struct problem *problem)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!mail_address_valid(text_of(message->to)) || !mail_address_valid(text_of(message->from)))
        return problem_set(problem, PROBLEM_ADDRESS_REFUSED, "it is no address for mail");
    if (!is_line(message->title) || !is_line(text_of(message->from_name)) ||
        !text_is_utf8(message->body) ||
        memchr(message->body.bytes, '\0', message->body.length) != NULL)
        return problem_set(problem, PROBLEM_INTERNAL, "the message has what no text has");
    pthread_once(&once, initialize);
    GMimeMessage *mime = g_mime_message_new(TRUE);
    char *title = g_strndup(message->title.bytes, message->title.length);
    add_headers(mime, message);
    g_mime_message_set_subject(mime, title, "utf-8");
    add_text(mime, message);
    write_bytes(mime, out);
    g_free(title);
    g_object_unref(mime);
    return true;
}
