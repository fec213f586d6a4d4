#include "policy/common_words.h"

#include <stdlib.h>
#include <string.h>

#include "policy/fold.h"

#define IN_EACH_FIFTH 200

/* Words that stand in every other message of their language. */
static const char words[] =
    " a an and are as at be but by can do for from get give go had has have he help here how i if "
    "in "
    "is it its just know like make me more my need new no not now of off on one or order our out "
    "over please product send so some thank thanks that the their them then there they this time "
    "to "
    "up us use want was we well were what when which who will with would you your any all about "
    "after am back because been before both could day days did does don down each even good hello "
    "item let long lot may much must only other same see she should still than too two very way "
    "yes "
    "a al algo ante aqui asi como con cual cuando da de del desde dia dias donde dos e el ella en "
    "era es esa ese eso esta estan estar este esto favor fue gracias ha hace han hay hola la las "
    "le "
    "les lo los mas me mi mis mucho muy nada ni nos nuestro o para pero por porque puede pues que "
    "quien se ser si sin sobre son soy su sus tal te tiene todo tu un una uno unos usted va y ya "
    "yo "
    "pedido producto enviar envio "
    "а без бы был была было быть в вам вас ваш ваша ваше ваши во вот все всё вы да для до его если "
    "есть еще ещё же за заказ и из или им их к как когда ко которая который кто ли мне можно мой "
    "мы "
    "на над нам нас наш не нет ни но ну о об он она они от очень по под пожалуйста при с сам свой "
    "себя со спасибо так там то товар только тоже тот ту ты у уже хотя чего чем что чтобы эта эти "
    "это этот я день дня здравствуйте добрый ";

/* The words, folded, each between spaces; made once and kept. */
static const char *folded_words_list(void)
{
    static struct folded folded; /* made before threads judge: rules are read by one */
    if (folded.length == 0)
        fold_text(&folded, (struct text){words, sizeof words - 1});
    return (const char *)folded.bytes;
}

static bool is_common_word(struct text text)
{
    const char *list = folded_words_list(), *at = list;
    while ((at = memmem(at, strlen(at), text.bytes, text.length)) != NULL) {
        if (at > list && at[-1] == ' ' && at[text.length] == ' ')
            return true;
        at++;
    }
    return false;
}

static unsigned by_letters(struct text text)
{
    static const unsigned estimates[] = {200, 100, 15, 6, 3, 2};
    size_t letters = 0;
    for (size_t i = 0; i < text.length; i++)
        letters += ((unsigned char)text.bytes[i] & 0xC0) != 0x80;
    return estimates[letters < COUNT_OF(estimates) ? letters : COUNT_OF(estimates) - 1];
}

/* Hiragana are endings and particles, other characters without spaces are words. */
static unsigned by_characters(struct text text)
{
    bool kana = text.length >= 3 && (unsigned char)text.bytes[0] == 0xE3 &&
                ((unsigned char)text.bytes[1] == 0x81 || (unsigned char)text.bytes[1] == 0x82);
    if (text.length <= 3)
        return kana ? 300 : 40;
    if (text.length <= 6)
        return kana ? 40 : 5;
    return 2;
}

unsigned common_estimate(struct text text, bool whole_word)
{
    if (text.length == 0)
        return IN_EACH_FIFTH; /* digits, an amount */
    if ((unsigned char)text.bytes[0] >= 0xE0)
        return by_characters(text);
    if (!whole_word)
        return 3 * by_letters(text);
    return is_common_word(text) ? IN_EACH_FIFTH : by_letters(text);
}
