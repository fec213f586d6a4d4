#include "net/mail_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"

#define LANGUAGES_MAX 16
#define SUFFIX ".json"

struct language {
    struct text name; /* "en" */
    json_t *texts;
    struct story_manner manner;
};

struct mail_texts {
    size_t count;
    struct language languages[LANGUAGES_MAX];
};

static const char *string_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? json_string_value(value) : "";
}

struct mail_texts *mail_texts_new(void)
{
    struct mail_texts *texts = calloc(1, sizeof *texts);
    struct problem problem;
    MUST(texts != NULL);
    for (const struct embedded_file *file = embedded_texts; file->path != NULL; file++) {
        struct language *language = &texts->languages[texts->count++];
        MUST(texts->count <= LANGUAGES_MAX && strlen(file->path) > strlen(SUFFIX));
        language->name = (struct text){file->path, strlen(file->path) - strlen(SUFFIX)};
        language->texts =
            json_read((struct text){(const char *)file->bytes, file->length}, &problem);
        MUST(language->texts != NULL);
        const json_t *numbers = json_object_get(language->texts, "numbers");
        language->manner = (struct story_manner){.group = string_of(numbers, "group"),
                                                 .decimal = string_of(numbers, "decimal"),
                                                 .words = text_is(language->name, "en")};
    }
    MUST(texts->count > 0);
    return texts;
}

void mail_texts_free(struct mail_texts *texts)
{
    if (texts == NULL)
        return;
    for (size_t i = 0; i < texts->count; i++)
        json_free(texts->languages[i].texts);
    free(texts);
}

static const struct language *find(const struct mail_texts *texts, struct text name)
{
    for (size_t i = 0; i < texts->count; i++)
        if (text_equal(texts->languages[i].name, name))
            return &texts->languages[i];
    return NULL;
}

bool mail_texts_has(const struct mail_texts *texts, struct text language)
{
    return find(texts, language) != NULL;
}

/* A sentence of the frame: "{name}" becomes VALUE. */
static void write_frame(struct buffer *out, const struct language *language, const char *name,
                        struct text value)
{
    struct text rest = text_of(string_of(json_object_get(language->texts, "frame"), name));
    buffer_text(out, text_cut(&rest, '{'));
    if (text_cut(&rest, '}').length > 0)
        story_words(out, value);
    buffer_text(out, rest);
    buffer_char(out, '\n');
}

static void write_frame_about(struct buffer *out, const struct language *language,
                              const struct act *act, struct text from)
{
    char subject[ID_TEXT_BYTES];
    char at[TIME_TEXT_BYTES];
    char moment[40];
    size_t length = id_format(act_prefix(act), act->subject, subject);
    time_format(act->at, at);
    int moment_length = snprintf(moment, sizeof moment, "%.10s %.8s UTC", at, at + 11);
    buffer_char(out, '\n');
    write_frame(out, language, "when", (struct text){moment, (size_t)moment_length});
    write_frame(out, language, "about", (struct text){subject, length});
    if (from.length > 0)
        write_frame(out, language, "from", from);
}

void mail_texts_write(const struct mail_texts *texts, const struct mail_occasion *occasion,
                      struct buffer *title, struct buffer *body)
{
    const struct act *act = occasion->act;
    const struct language *language = find(texts, occasion->language);
    if (language == NULL)
        language = find(texts, TEXT("en"));
    MUST(language != NULL);
    const json_t *own = json_object_get(json_object_get(language->texts, "acts"), act->type->name);
    const json_t *said = own != NULL ? own : json_object_get(language->texts, "other");
    story_say(title, text_of(string_of(said, "title")), act, &language->manner);
    story_say(body, text_of(string_of(said, "text")), act, &language->manner);
    buffer_char(body, '\n');
    if (own == NULL) {
        buffer_char(body, '\n');
        story_write(body, act);
        buffer_char(body, '\n');
    }
    write_frame_about(body, language, act, occasion->from);
    if (occasion->link[0] != '\0')
        write_frame(body, language, "link", text_of(occasion->link));
    buffer_char(body, '\n');
    write_frame(body, language, "why", occasion->org_name);
}
