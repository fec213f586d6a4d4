#include "policy/scan.h"

/* Folded like everything, so capitals, accents and look-alikes are covered. */

#define AT_WORDS                                                                                   \
    "(собака|собачка|собако|arroba|艾特|圈a|アットマーク|アット|"   \
    "\\(at\\)|\\[at\\]|at)"
#define DOT_WORDS "(точка|тчк|punto|点|ドット|\\(dot\\)|\\[dot\\]|dot)"
#define ENDINGS "(ru|com|net|org|рф|es|mx|ar|cn|jp|co|io|me|ру|ком|info|biz|uk|us|co jp|ne jp)"
#define HOSTS                                                                                      \
    "(gmail|mail|yandex|yahoo|hotmail|outlook|icloud|qq|163|126|bk|inbox|list|rambler|proton|"     \
    "protonmail|ya|live|docomo|ezweb|softbank|гмейл|джимейл|яндекс|мейл|майл|жмейл)"

const struct builtin_phrase builtin_phrases[] = {
    {SCANNER_EMAIL, "(<name>|<digits>) " AT_WORDS " (<name>|" HOSTS ") " DOT_WORDS " " ENDINGS},
    {SCANNER_EMAIL, "(<name>|<digits>) " AT_WORDS " " HOSTS},
    {SCANNER_EMAIL, "<name>@" HOSTS " " DOT_WORDS " " ENDINGS},
    {SCANNER_EMAIL, "(<name>|<digits>) (собака|собачка|arroba|艾特|アットマーク)"},
    {SCANNER_LINK, "(<name>|www) (точка|punto|\\(dot\\)|\\[dot\\]|dot|ドット) " ENDINGS},
    {SCANNER_LINK, "(t|wa|vk|ok) (точка|punto|dot|点|ドット) (me|com|ru|ми|ме)"},
};
const size_t builtin_phrase_count = COUNT_OF(builtin_phrases);

const struct builtin_number builtin_numbers[] = {
    {"zero", 1, '0'},         {"oh", 1, '0'},           {"one", 1, '1'},
    {"two", 1, '2'},          {"three", 1, '3'},        {"four", 1, '4'},
    {"five", 1, '5'},         {"six", 1, '6'},          {"seven", 1, '7'},
    {"eight", 1, '8'},        {"nine", 1, '9'},         {"double", 1, 'x'},
    {"triple", 2, 'x'},       {"ноль", 1, '0'},         {"нуль", 1, '0'},
    {"один", 1, '1'},         {"одна", 1, '1'},         {"два", 1, '2'},
    {"две", 1, '2'},          {"три", 1, '3'},          {"четыре", 1, '4'},
    {"пять", 1, '5'},         {"шесть", 1, '6'},        {"семь", 1, '7'},
    {"восемь", 1, '8'},       {"девять", 1, '9'},       {"десять", 2, 'x'},
    {"одиннадцать", 2, 'x'},  {"двенадцать", 2, 'x'},   {"тринадцать", 2, 'x'},
    {"четырнадцать", 2, 'x'}, {"пятнадцать", 2, 'x'},   {"шестнадцать", 2, 'x'},
    {"семнадцать", 2, 'x'},   {"восемнадцать", 2, 'x'}, {"девятнадцать", 2, 'x'},
    {"двадцать", 1, 'x'},     {"тридцать", 1, 'x'},     {"сорок", 1, 'x'},
    {"пятьдесят", 1, 'x'},    {"шестьдесят", 1, 'x'},   {"семьдесят", 1, 'x'},
    {"восемьдесят", 1, 'x'},  {"девяносто", 1, 'x'},    {"сто", 1, 'x'},
    {"двести", 1, 'x'},       {"триста", 1, 'x'},       {"четыреста", 1, 'x'},
    {"пятьсот", 1, 'x'},      {"шестьсот", 1, 'x'},     {"семьсот", 1, 'x'},
    {"восемьсот", 1, 'x'},    {"девятьсот", 1, 'x'},    {"cero", 1, '0'},
    {"uno", 1, '1'},          {"dos", 1, '2'},          {"tres", 1, '3'},
    {"cuatro", 1, '4'},       {"cinco", 1, '5'},        {"seis", 1, '6'},
    {"siete", 1, '7'},        {"ocho", 1, '8'},         {"nueve", 1, '9'},
    {"diez", 2, 'x'},         {"once", 2, 'x'},         {"doce", 2, 'x'},
    {"quince", 2, 'x'},       {"veinte", 1, 'x'},       {"treinta", 1, 'x'},
    {"cuarenta", 1, 'x'},     {"cincuenta", 1, 'x'},    {"sesenta", 1, 'x'},
    {"setenta", 1, 'x'},      {"ochenta", 1, 'x'},      {"noventa", 1, 'x'},
    {"cien", 1, 'x'},         {"零", 1, '0'},           {"一", 1, '1'},
    {"二", 1, '2'},           {"三", 1, '3'},           {"四", 1, '4'},
    {"五", 1, '5'},           {"六", 1, '6'},           {"七", 1, '7'},
    {"八", 1, '8'},           {"九", 1, '9'},           {"幺", 1, '1'},
    {"两", 1, '2'},           {"壹", 1, '1'},           {"贰", 1, '2'},
    {"叁", 1, '3'},           {"肆", 1, '4'},           {"伍", 1, '5'},
    {"陆", 1, '6'},           {"柒", 1, '7'},           {"捌", 1, '8'},
    {"玖", 1, '9'},           {"ぜろ", 1, '0'},         {"れい", 1, '0'},
    {"いち", 1, '1'},         {"さん", 1, '3'},         {"よん", 1, '4'},
    {"ろく", 1, '6'},         {"なな", 1, '7'},         {"しち", 1, '7'},
    {"はち", 1, '8'},         {"きゅう", 1, '9'},       {"に", 1, '2'},
    {"ご", 1, '5'},           {"まる", 1, '0'},
};
const size_t builtin_number_count = COUNT_OF(builtin_numbers);
