// What an organisation's paid services are called in the interface, and what can be done with them.
import { language, say, sayCount, sayMoney } from "../i18n";
import type { PeriodUnit, Service, Subscription } from "../rest";

export function sayPeriod(unit: PeriodUnit, count: number): string {
  return count === 1 ? say(`period.one.${unit}`) : sayCount(`period.${unit}`, count);
}

export function sayPrice(amount: number, currency: string, unit: PeriodUnit, count: number) {
  return `${sayMoney({ amount, currency })} · ${sayPeriod(unit, count)}`;
}

/** What the ids of a service and of its subscriptions share: time and chance, not the owner. */
function kernelOf(id: string): string {
  const digits = id.slice(id.indexOf("_") + 1);
  return digits.slice(0, 13) + digits.slice(22); // between them stands the organisation (id.c)
}

/** The service that a subscription is of. */
export function serviceOf(
  services: readonly Service[],
  { id: subscription }: Pick<Subscription, "id">,
): Service | undefined {
  return services.find(({ id }) => kernelOf(id) === kernelOf(subscription));
}

/** The text in the reader's language, else in English, else in whatever there is. */
export function textOf(service: Service) {
  const of = (wanted: string) => service.texts.find(({ language: it }) => it === wanted);
  return of(language.value) ?? of("en") ?? service.texts[0];
}

export function canWithdraw({ state, withdraw_until: until }: Subscription): boolean {
  return (state === "active" || state === "canceled") && until !== null &&
    new Date(until) > new Date();
}
