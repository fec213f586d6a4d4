// A paid service of 12,500 roubles a month, as stories about paid services need it.

export const PLAN = {
    name: 'Front page',
    price: { amount: 1250000, currency: 'RUB' },
    period_unit: 'month',
    period_count: 1,
    renewal: 'automatic',
    notice_days: 7,
    tax: 'included',
    tax_rate: 2000,
    first_charge_days: 0,
    withdrawal_days: 14,
    texts: [
        { language: 'en', text: 'Your goods stand on the front page.' },
        { language: 'ru', text: 'Ваши товары стоят на главной странице.' },
    ],
};

export async function publish(operator, changes = {}) {
    return (await operator.act('/v1/services', { ...PLAN, ...changes })).subject;
}

// The subscription's id. ORG is given by the marketplace.
export async function propose(client, service, more = {}) {
    return (await client.act('/v1/subscriptions', { service, ...more })).subject;
}
