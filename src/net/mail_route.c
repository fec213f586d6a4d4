/* What a mail says, for its addressee's organisation and the operator. */
#include "net/handlers.h"
#include "net/service_private.h"

static bool take(void *context, const void *row, struct problem *problem)
{
    (void)problem;
    *(struct mail_row *)context = *(const struct mail_row *)row;
    return true;
}

/* Of members: those who may see the act may read what is said of it. */
static bool is_shown(const struct call *call, const struct mail_row *mail)
{
    const struct act_type *type = catalogue_act(call->service->catalogue, mail->type);
    if (call->principal.role != ROLE_SELLER)
        return true;
    return (mail->audience == AUDIENCE_SELLER || mail->audience == AUDIENCE_PERSON) &&
           type != NULL && feed_shows(&call->principal, type);
}

/* A mail of another audience of the same organisation is as if it did not exist. */
static bool load(const struct call *call, struct mail_row *mail, struct problem *problem)
{
    static const char tail[] = "WHERE org = ?1 AND id = ?2";
    const struct value values[] = {VALUE_OF_INT(id_org(call->subject_id)),
                                   VALUE_OF_ID(call->subject_id)};
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool read = reader_rows(reader, &mails_table, tail, values, COUNT_OF(values),
                            call->request->arena, take, mail, problem);
    store_reader_give(store, reader);
    if (!read)
        return false;
    return (!id_is_zero(mail->id) && is_shown(call, mail)) ||
           problem_set(problem, PROBLEM_NOT_FOUND, "no such mail");
}

void mail_message_handle(struct call *call)
{
    struct mail_row mail = {0};
    struct problem problem;
    struct buffer body;
    buffer_init(&body);
    bool made = load(call, &mail, &problem);
    if (made && call->service->mailer == NULL)
        made = problem_set(&problem, PROBLEM_NOT_FOUND, "this server sends no mail");
    if (made && mailer_show(call->service->mailer, &mail, &body, &problem))
        call_json(call, 200, &body);
    else
        call_problem(call, &problem);
    buffer_done(&body);
}
