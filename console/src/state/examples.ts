// Messages to try the rules with: what sellers write, and what some of them should not.
import type { Language } from "../i18n";

export const examples: { [name in Language]: string } = {
  en: "Hi! Your order 89161234567 leaves us tomorrow 📦 If you change your review to five stars, " +
    "I will send you 20 dollars back. Or write to me on WhatsApp: plus four four 7700 900 123.",
  ru: "Здравствуйте! Ваш заказ 89161234567 отправим завтра 📦 Исправьте, пожалуйста, оценку на " +
    "пять звёзд, и мы вернём 500 рублей на карту. Или пишите в телегу: восемь девятьсот " +
    "шестнадцать 765-43-21.",
  zh: "亲，您的订单 89161234567 明天发货📦 麻烦您把差评改成五星，我们返现20元。" +
    "也可以加我微信：lamp_shop88，或者打一三八零零一三八零零零。",
  es: "¡Hola! Su pedido 89161234567 sale mañana 📦 Si cambia su reseña a cinco estrellas, le " +
    "devolvemos 20 euros. O escríbame a lampara arroba correo punto es y nos ahorramos " +
    "la comisión.",
  ja: "お世話になっております。ご注文 89161234567 は明日発送いたします📦 " +
    "レビューを星5に変更していただければ、千円分のギフト券を差し上げます。" +
    "お電話は〇九〇−一二三四−五六七八までお願いします。",
};
