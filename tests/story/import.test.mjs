// Real orders: everything in the files is loaded or reported, twice is once, and a broken import
// goes on where it broke.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
    answersFit, dataFolder, eventually, launch, run, sleep, startServer,
} from './harness.mjs';

const folder = path.join(dataFolder, 'olist');
const absent = existsSync(folder) ? false : `${folder} is absent`;

// The rows of a CSV file of the data set, as objects.
function rows(name) {
    const text = readFileSync(path.join(folder, `olist_${name}_dataset.csv`), 'utf8');
    const lines = [];
    let line = [];
    let field = '';
    let quoted = false;
    for (let at = 0; at < text.length; at++) {
        const c = text[at];
        if (quoted) {
            if (c !== '"') field += c;
            else if (text[at + 1] === '"') field += text[at++];
            else quoted = false;
        } else if (c === '"') {
            quoted = true;
        } else if (c === ',' || c === '\n') {
            line.push(field);
            field = '';
            if (c === '\n') {
                lines.push(line);
                line = [];
            }
        } else if (c !== '\r' && c !== '\ufeff') {
            field += c;
        }
    }
    if (field !== '' || line.length > 0) lines.push([...line, field]);
    const [names, ...values] = lines;
    return values.filter((row) => row.length === names.length)
        .map((row) => Object.fromEntries(names.map((column, i) => [column, row[i]])));
}

const cents = (text) => Math.round(Number(text) * 100);

describe('import olist', { skip: absent }, () => {
    let server, shop;
    const expected = { pairs: new Map(), sellers: new Set(), empty: [] };

    before(async () => {
        const orders = new Set(rows('orders').map(({ order_id: id }) => id));
        const filled = new Set();
        for (const item of rows('order_items')) {
            assert.ok(orders.has(item.order_id));
            filled.add(item.order_id);
            expected.sellers.add(item.seller_id);
            const pair = `${item.order_id} ${item.seller_id}`;
            expected.pairs.set(pair, (expected.pairs.get(pair) ?? 0) +
                cents(item.price) + cents(item.freight_value));
        }
        expected.empty = [...orders].filter((id) => !filled.has(id));
        server = await startServer();
        shop = await server.shop();
        await server.halt();
    });
    after(() => server?.stop());

    test('broken off by kill -9 and run again, it ends complete', async () => {
        const broken = launch(['import', 'olist', folder, '--data', server.folder]);
        // A while after it began to write; where exactly does not matter.
        await sleep(1500);
        broken.kill('SIGKILL');
        await broken.ended;
        const result = await run(['import', 'olist', folder, '--data', server.folder]);
        assert.equal(result.status, 0, result.stderr + result.stdout);
        for (const id of expected.empty) {
            assert.ok((result.stdout + result.stderr).includes(id),
                `order ${id} has no items and must be reported`);
        }
        assert.match(result.stdout, /5,?000/, 'the summary counts what was read');
        await server.start();
    });

    test('every order of every seller is there, with its sum', async () => {
        const orders = await shop.list('/v1/orders', 'orders');
        assert.equal(orders.length, expected.pairs.size);
        const orgs = await shop.list('/v1/orgs', 'orgs');
        assert.equal(orgs.filter(({ reference }) => expected.sellers.has(reference)).length,
            expected.sellers.size);
        const sellerOf = new Map(orgs.map(({ id, reference }) => [id, reference]));
        const sums = new Map();
        for (const order of orders) {
            const key = `${order.reference.split(/[:/ ]/)[0]} ${sellerOf.get(order.org)}`;
            const sum = order.items.reduce((total, { price, quantity, freight }) =>
                total + (price.amount + (freight?.amount ?? 0)) * quantity, 0);
            assert.equal(order.total.currency, 'BRL');
            assert.ok(!sums.has(key), `${key} is there twice`);
            sums.set(key, { sum, total: order.total.amount });
        }
        for (const [pair, amount] of expected.pairs) {
            assert.equal(sums.get(pair)?.total, amount, pair);
        }
    });

    test('run again while the server runs, it changes nothing', async () => {
        const { size } = await server.logState();
        const result = await run(['import', 'olist', folder, '--data', server.folder]);
        assert.equal(result.status, 0, result.stderr + result.stdout);
        assert.equal((await server.logState()).size, size);
    });

    test('it answers queries on them', async () => {
        const states = new Map();
        for (const state of ['placed', 'shipped', 'delivered', 'canceled']) {
            const orders = await shop.list(`/v1/orders?state=${state}`, 'orders');
            assert.ok(orders.every((order) => order.state === state));
            states.set(state, orders.length);
        }
        const sum = [...states.values()].reduce((a, b) => a + b);
        assert.equal(sum, expected.pairs.size);
        assert.ok(states.get('delivered') > 4000);
        const [some] = (await shop.read('/v1/orders?limit=1')).orders;
        assert.deepEqual(await shop.read(`/v1/orders/${some.id}`), some);
    });

    test('times are Sao Paulo\'s, summer time included', async () => {
        const orders = await shop.list('/v1/orders', 'orders');
        const byReference = new Map(orders.map((order) =>
            [order.reference.split(/[:/ ]/)[0], order]));
        let winter = 0;
        let summer = 0;
        for (const row of rows('orders')) {
            const order = byReference.get(row.order_id);
            if (!order) continue;
            const [date, time] = row.order_purchase_timestamp.split(' ');
            const [month, day, year] = date.split('/').map(Number);
            const [hour, minute] = time.split(':').map(Number);
            const local = Date.UTC(year, month - 1, day, hour, minute);
            const hours = (Date.parse(order.placed_at) - local) / 3_600_000;
            assert.ok(hours === 2 || hours === 3, `${row.order_id}: ${order.placed_at}`);
            if (month >= 4 && month <= 9) assert.equal(hours, 3, order.placed_at);
            if (month === 12 || month === 1) assert.equal(hours, 2, order.placed_at);
            if (hours === 3) winter++;
            else summer++;
        }
        assert.ok(winter > 0 && summer > 0);
    });

    test('a folder that is not the data set is refused plainly', async () => {
        const result = await run(['import', 'olist', '/nonexistent', '--data', server.folder]);
        assert.equal(result.status, 1);
        assert.match(result.stderr, /\/nonexistent/);
        await eventually('the server is well', async () =>
            (await server.anonymous.get('/healthz')).status === 200);
    });

    answersFit(test, () => server);
});
