// Lists of orders: a shop's number finds its orders, for each reader only what is theirs.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { answersFit, placeOrder, ship, startMarketplace } from './harness.mjs';

describe('orders by reference', () => {
    let server, shop, buyer, otherBuyer, auditor;
    const sellers = [];
    const orders = []; // Of each seller one with the same reference.
    const REFERENCE = 'N 17/ä';

    before(async () => {
        let seller;
        ({ server, shop, seller, buyer } = await startMarketplace());
        sellers.push(seller, await server.seller('Hill Games'), await server.seller('Lake Shoes'));
        otherBuyer = await server.buyer('b-18');
        auditor = await server.auditor();
        for (const [i, one] of sellers.entries()) {
            orders.push(await placeOrder(shop, one, i === 2 ? otherBuyer : buyer,
                { reference: REFERENCE }));
            await placeOrder(shop, one, buyer);
        }
        assert.equal((await ship(sellers[1], orders[1])).status, 201);
    });
    after(() => server?.stop());

    const find = async (reader, more = {}) => {
        const query = new URLSearchParams({ reference: REFERENCE, ...more });
        const page = await reader.read(`/v1/orders?${query}`);
        return { next: page.next, ids: page.orders.map(({ id }) => id) };
    };
    const ascending = (ids) => [...ids].sort();

    test('a shop and an auditor find those of all sellers', async () => {
        for (const reader of [shop, auditor]) {
            assert.deepEqual((await find(reader)).ids, ascending(orders));
        }
    });

    test('a seller finds only their own', async () => {
        for (const [i, seller] of sellers.entries()) {
            assert.deepEqual(await find(seller), { next: null, ids: [orders[i]] });
        }
    });

    test('a buyer finds only their own', async () => {
        assert.deepEqual((await find(buyer)).ids, ascending(orders.slice(0, 2)));
        assert.deepEqual((await find(otherBuyer)).ids, [orders[2]]);
    });

    test('the state narrows it further', async () => {
        for (const reader of [shop, sellers[1], buyer]) {
            assert.deepEqual((await find(reader, { state: 'shipped' })).ids, [orders[1]]);
        }
        assert.deepEqual((await find(sellers[0], { state: 'shipped' })).ids, []);
    });

    test('pages go on where the one before ended', async () => {
        const found = [];
        for (let after; after !== null;) {
            const { next, ids } = await find(shop, { limit: 1, ...(after && { after }) });
            assert.equal(ids.length, 1);
            found.push(...ids);
            after = next;
        }
        assert.deepEqual(found, ascending(orders));
        assert.deepEqual((await find(sellers[0], { after: orders[0] })).ids, []);
    });

    test('a number that nobody gave finds nothing', async () => {
        for (const reference of ['N 17', `${REFERENCE} `, '', '%']) {
            for (const reader of [shop, sellers[0], buyer]) {
                const query = new URLSearchParams({ reference });
                assert.deepEqual((await reader.read(`/v1/orders?${query}`)).orders, []);
            }
        }
    });

    answersFit(test, () => server);
});
