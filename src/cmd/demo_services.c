#include "cmd/demo_services.h"

#include "market/services.h"

#define TERMS(en, es, ja, ru, zh)                                                                  \
    "\"texts\":[{\"language\":\"en\",\"text\":\"" en "\"},"                                        \
    "{\"language\":\"es\",\"text\":\"" es "\"},{\"language\":\"ja\",\"text\":\"" ja "\"},"         \
    "{\"language\":\"ru\",\"text\":\"" ru "\"},{\"language\":\"zh\",\"text\":\"" zh "\"}]"

static const char *const services[] = {
    "{\"code_price_max\":0,\"code_withdrawal_days\":0,\"first_charge_days\":14,"
    "\"name\":\"Front page\",\"notice_days\":7,\"period_count\":1,\"period_unit\":\"month\","
    "\"price\":{\"amount\":1250000,\"currency\":\"RUB\"},\"renewal\":\"automatic\","
    "\"tax\":\"included\",\"tax_rate\":2000," TERMS(
        "Your goods stand on the front page of the marketplace, in turn with those of at most "
        "nineteen other sellers.",
        "Sus artículos aparecen en la portada del mercado, por turnos con los de diecinueve "
        "vendedores más como máximo.",
        "あなたの商品が、最大十九の他の出品者と交代で、マーケットのトップページに掲載されます。",
        "Ваши товары стоят на главной странице площадки по очереди с товарами не более чем "
        "девятнадцати других продавцов.",
        "您的商品与最多十九家其他卖家的商品轮流展示在平台首页。") ",\"withdrawal_days\":14}",
    "{\"code_price_max\":2000,\"code_withdrawal_days\":28,\"first_charge_days\":0,"
    "\"name\":\"Weekly report\",\"notice_days\":3,\"period_count\":1,\"period_unit\":\"month\","
    "\"price\":{\"amount\":990,\"currency\":\"EUR\"},\"renewal\":\"automatic\","
    "\"tax\":\"added\",\"tax_rate\":1900," TERMS(
        "Each Monday you get a report of how often your goods were seen and bought.",
        "Cada lunes recibe un informe de cuántas veces se vieron y compraron sus artículos.",
        "毎週月曜日に、商品の閲覧数と購入数の報告をお届けします。",
        "Каждый понедельник вы получаете отчёт о том, как часто ваши товары смотрели и покупали.",
        "每周一您会收到商品被浏览和购买次数的报告。") ",\"withdrawal_days\":14}",
    "{\"first_charge_days\":0,\"name\":\"Photo day\",\"notice_days\":1,\"period_count\":1,"
    "\"period_unit\":\"day\",\"price\":{\"amount\":24000,\"currency\":\"EUR\"},"
    "\"renewal\":\"none\",\"tax\":\"added\",\"tax_rate\":1900," TERMS(
        "A photographer comes for a day and takes pictures of up to sixty of your goods.",
        "Un fotógrafo acude durante un día y fotografía hasta sesenta de sus artículos.",
        "カメラマンが一日訪問し、最大六十点の商品を撮影します。",
        "Фотограф приезжает на день и снимает до шестидесяти ваших товаров.",
        "摄影师上门一天，为您拍摄最多六十件商品。") ",\"withdrawal_days\":14}",
};

static bool publish(struct door *door, const char *body, int64_t at, struct id *service,
                    struct problem *problem)
{
    struct submission done;
    *service = id_new(ORG_MARKETPLACE);
    const struct door_act act = {.type = &service_published,
                                 .org = ORG_MARKETPLACE,
                                 .subject = *service,
                                 .role = ROLE_OPERATOR,
                                 .at = at,
                                 .body = text_of(body)};
    return door_single(door, &act, &done, problem);
}

static bool propose(struct door *door, struct id service, int64_t org, int64_t at,
                    struct problem *problem)
{
    struct submission done;
    struct buffer body;
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    json_member(&json, "reason", TEXT("Sellers like you have it"));
    json_name(&json, "service");
    json_id(&json, "svc", service);
    json_member(&json, "via", TEXT("promotion winter"));
    json_close(&json);
    const struct door_act act = {.type = &service_proposed,
                                 .org = org,
                                 .subject = id_in(service, org),
                                 .role = ROLE_SHOP,
                                 .at = at,
                                 .body = buffer_view(&body)};
    bool proposed = door_single(door, &act, &done, problem);
    buffer_done(&body);
    return proposed;
}

bool demo_services_make(struct door *door, const int64_t *orgs, size_t org_count, int64_t now,
                        struct problem *problem)
{
    struct id made[COUNT_OF(services)];
    for (size_t i = 0; i < COUNT_OF(services); i++)
        if (!publish(door, services[i], now - 20 * TIME_DAY, &made[i], problem))
            return false;
    for (size_t i = 0; i < org_count; i++)
        if (!propose(door, made[i % COUNT_OF(services)], orgs[i],
                     now - (20 + (int64_t)i) * TIME_MINUTE, problem))
            return false;
    return true;
}
