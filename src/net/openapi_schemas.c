#include "net/openapi_schemas.h"

#include <stddef.h>

const struct openapi_schema openapi_schemas[] = {
    {"Accepted",
     "{\"additionalProperties\":false,\"description\":\"An act that is on record.\",\"prop"
     "erties\":{\"act\":{\"pattern\":\"^act_[0-9a-hjkmnp-tv-z]{26}$\",\"type\":\"string\"}"
     ",\"at\":{\"format\":\"date-time\",\"type\":\"string\"},\"key\":{\"description\":\"Of"
     " key.created: the key itself, shown this once.\",\"type\":\"string\"},\"log_index\":"
     "{\"minimum\":0,\"type\":\"integer\"},\"org\":{\"pattern\":\"^org_[0-9a-hjkmnp-tv-z]{"
     "8}$\",\"type\":\"string\"},\"outcome\":{\"const\":\"accepted\"},\"secret\":{\"descri"
     "ption\":\"Of endpoint.created: what signs its webhooks.\",\"type\":\"string\"},\"seq"
     "\":{\"minimum\":0,\"type\":\"integer\"},\"subject\":{\"pattern\":\"^[a-z]+_[0-9a-hjk"
     "mnp-tv-z]{26}$\",\"type\":\"string\"},\"type\":{\"type\":\"string\"}},\"required\":["
     "\"act\",\"at\",\"log_index\",\"org\",\"outcome\",\"seq\",\"subject\",\"type\"],\"typ"
     "e\":\"object\"}"},
    {"Evidence",
     "{\"additionalProperties\":false,\"description\":\"A bundle that is checked offline."
     "\",\"properties\":{\"acts\":{\"items\":{\"additionalProperties\":false,\"properties"
     "\":{\"proof\":{\"type\":\"string\"},\"record\":{\"$ref\":\"#/components/schemas/Reco"
     "rd\"},\"salt\":{\"type\":\"string\"}},\"required\":[\"proof\",\"record\",\"salt\"],"
     "\"type\":\"object\"},\"type\":\"array\"},\"format\":{\"const\":\"counterfoil-evidenc"
     "e/1\"},\"keys\":{\"items\":{\"type\":\"string\"},\"type\":\"array\"},\"subject\":{\""
     "pattern\":\"^[a-z]+_[0-9a-hjkmnp-tv-z]{26}$\",\"type\":\"string\"}},\"required\":[\""
     "acts\",\"format\",\"keys\",\"subject\"],\"type\":\"object\"}"},
    {"FeedEvent",
     "{\"additionalProperties\":false,\"description\":\"An act where it stands in the read"
     "er's feed.\",\"properties\":{\"act\":{\"$ref\":\"#/components/schemas/Record\"},\"lo"
     "g_index\":{\"minimum\":0,\"type\":\"integer\"},\"position\":{\"minimum\":0,\"type\":"
     "\"integer\"}},\"required\":[\"act\",\"log_index\",\"position\"],\"type\":\"object\"}"},
    {"FeedPage",
     "{\"additionalProperties\":false,\"description\":\"Pass `next` as `after` for what fo"
     "llows.\",\"properties\":{\"events\":{\"items\":{\"$ref\":\"#/components/schemas/Feed"
     "Event\"},\"type\":\"array\"},\"next\":{\"minimum\":0,\"type\":\"integer\"}},\"requir"
     "ed\":[\"events\",\"next\"],\"type\":\"object\"}"},
    {"Problem",
     "{\"description\":\"What is wrong and what to do (RFC 9457).\",\"properties\":{\"act"
     "\":{\"pattern\":\"^act_[0-9a-hjkmnp-tv-z]{26}$\",\"type\":\"string\"},\"code\":{\"$r"
     "ef\":\"#/components/schemas/ProblemCode\"},\"detail\":{\"type\":\"string\"},\"errors"
     "\":{\"items\":{\"additionalProperties\":false,\"properties\":{\"detail\":{\"type\":"
     "\"string\"},\"pointer\":{\"description\":\"JSON Pointer into the body, or a paramete"
     "r's name.\",\"type\":\"string\"}},\"required\":[\"detail\",\"pointer\"],\"type\":\"o"
     "bject\"},\"type\":\"array\"},\"remedy\":{\"type\":\"string\"},\"request_id\":{\"type"
     "\":\"string\"},\"status\":{\"maximum\":599,\"minimum\":400,\"type\":\"integer\"},\"t"
     "itle\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"}},\"required\":[\"code\","
     "\"remedy\",\"status\",\"title\",\"type\"],\"type\":\"object\"}"},
    {"Record",
     "{\"additionalProperties\":false,\"description\":\"An act as it was recorded: canonic"
     "al JSON (RFC 8785), the same bytes in feeds, webhooks and evidence.\",\"properties\""
     ":{\"actor\":{\"additionalProperties\":false,\"properties\":{\"buyer\":{\"type\":\"st"
     "ring\"},\"key\":{\"pattern\":\"^key_[0-9a-hjkmnp-tv-z]{26}$\",\"type\":\"string\"},"
     "\"org\":{\"pattern\":\"^org_[0-9a-hjkmnp-tv-z]{8}$\",\"type\":\"string\"},\"role\":{"
     "\"enum\":[\"shop\",\"seller\",\"buyer\",\"auditor\",\"operator\",\"system\"]}},\"req"
     "uired\":[\"role\"],\"type\":\"object\"},\"at\":{\"format\":\"date-time\",\"type\":\""
     "string\"},\"body\":{\"type\":\"object\"},\"deadlines\":{\"additionalProperties\":{\""
     "format\":\"date-time\",\"type\":\"string\"},\"type\":\"object\"},\"from\":{\"type\":"
     "\"string\"},\"id\":{\"pattern\":\"^act_[0-9a-hjkmnp-tv-z]{26}$\",\"type\":\"string\""
     "},\"org\":{\"pattern\":\"^org_[0-9a-hjkmnp-tv-z]{8}$\",\"type\":\"string\"},\"outcom"
     "e\":{\"enum\":[\"accepted\",\"refused\"]},\"problem\":{\"properties\":{\"code\":{\"$"
     "ref\":\"#/components/schemas/ProblemCode\"},\"detail\":{\"type\":\"string\"}},\"requ"
     "ired\":[\"code\",\"detail\"],\"type\":\"object\"},\"request\":{\"type\":\"string\"},"
     "\"seq\":{\"minimum\":1,\"type\":\"integer\"},\"subject\":{\"pattern\":\"^[a-z]+_[0-9"
     "a-hjkmnp-tv-z]{26}$\",\"type\":\"string\"},\"type\":{\"type\":\"string\"},\"v\":{\"c"
     "onst\":1}},\"required\":[\"actor\",\"at\",\"body\",\"id\",\"org\",\"outcome\",\"seq"
     "\",\"subject\",\"type\",\"v\"],\"type\":\"object\"}"},
    {"Replay",
     "{\"additionalProperties\":false,\"description\":\"The events after one position and "
     "through another.\",\"properties\":{\"after\":{\"minimum\":0,\"type\":\"integer\"},\""
     "through\":{\"minimum\":1,\"type\":\"integer\"}},\"required\":[\"after\",\"through\"]"
     ",\"type\":\"object\"}"},
    {"ShipmentResults",
     "{\"additionalProperties\":false,\"description\":\"One answer an order, in the order "
     "asked.\",\"properties\":{\"results\":{\"items\":{\"additionalProperties\":false,\"pr"
     "operties\":{\"act\":{\"pattern\":\"^act_[0-9a-hjkmnp-tv-z]{26}$\",\"type\":\"string"
     "\"},\"order\":{\"pattern\":\"^ord_[0-9a-hjkmnp-tv-z]{26}$\",\"type\":\"string\"},\"p"
     "roblem\":{\"$ref\":\"#/components/schemas/Problem\"},\"status\":{\"type\":\"integer"
     "\"}},\"required\":[\"order\",\"status\"],\"type\":\"object\"},\"type\":\"array\"}},"
     "\"required\":[\"results\"],\"type\":\"object\"}"},
    {"Shipments",
     "{\"additionalProperties\":false,\"properties\":{\"orders\":{\"items\":{\"description"
     "\":\"`order`, and what order.shipped takes.\",\"properties\":{\"order\":{\"pattern\""
     ":\"^ord_[0-9a-hjkmnp-tv-z]{26}$\",\"type\":\"string\"}},\"required\":[\"order\"],\"t"
     "ype\":\"object\"},\"maxItems\":1000,\"minItems\":1,\"type\":\"array\"}},\"required\""
     ":[\"orders\"],\"type\":\"object\"}"},
    {"State", "{\"additionalProperties\":false,\"properties\":{\"acts\":{\"additionalProperties\":f"
              "alse,\"properties\":{\"accepted\":{\"minimum\":0,\"type\":\"integer\"},\"refused\":{"
              "\"minimum\":0,\"type\":\"integer\"},\"waiting\":{\"minimum\":0,\"type\":\"integer\"}"
              "},\"required\":[\"accepted\",\"refused\",\"waiting\"],\"type\":\"object\"},\"log\":{"
              "\"additionalProperties\":false,\"properties\":{\"origin\":{\"type\":\"string\"},\"ro"
              "ot\":{\"type\":\"string\"},\"size\":{\"minimum\":0,\"type\":\"integer\"},\"vkey\":{"
              "\"type\":\"string\"}},\"required\":[\"origin\",\"root\",\"size\",\"vkey\"],\"type\":"
              "\"object\"},\"name\":{\"type\":\"string\"},\"started_at\":{\"format\":\"date-time\","
              "\"type\":\"string\"},\"store\":{\"type\":\"string\"},\"version\":{\"type\":\"string"
              "\"}},\"required\":[\"acts\",\"log\",\"name\",\"started_at\",\"store\",\"version\"],"
              "\"type\":\"object\"}"},
    {"Timeline",
     "{\"additionalProperties\":false,\"properties\":{\"acts\":{\"items\":{\"$ref\":\"#/co"
     "mponents/schemas/Record\"},\"type\":\"array\"},\"next\":{\"minimum\":0,\"type\":[\"i"
     "nteger\",\"null\"]}},\"required\":[\"acts\",\"next\"],\"type\":\"object\"}"},
    {"Webhook",
     "{\"additionalProperties\":false,\"description\":\"Standard Webhooks 1.0.0: signed in"
     " `webhook-signature`, repeated under the same `webhook-id`.\",\"properties\":{\"data"
     "\":{\"additionalProperties\":false,\"properties\":{\"act\":{\"description\":\"The re"
     "cord; of one that is too long only its names, and then `shortened` is true.\",\"type"
     "\":\"object\"},\"log_index\":{\"minimum\":0,\"type\":\"integer\"},\"position\":{\"mi"
     "nimum\":0,\"type\":\"integer\"},\"shortened\":{\"type\":\"boolean\"}},\"required\":["
     "\"act\",\"log_index\",\"position\"],\"type\":\"object\"},\"timestamp\":{\"format\":"
     "\"date-time\",\"type\":\"string\"},\"type\":{\"type\":\"string\"}},\"required\":[\"d"
     "ata\",\"timestamp\",\"type\"],\"type\":\"object\"}"},
    {NULL, NULL},
};
