// Real orders: everything in the files is loaded or reported, twice is once, and a broken import
// goes on where it broke.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { answersFit, dataFolder, eventually, launch, run, startServer } from './harness.mjs';

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

    const bytesWritten = () => server.store.bytes(server.folder);

    // The summary at the end of an import: file → {rows, loaded, left}.
    function summary(text) {
        const found = new Map();
        for (const [, file, ...numbers] of text.matchAll(/^(\w+) +(\d+) +(\d+) +(\d+)$/gm)) {
            const [count, loaded, left] = numbers.map(Number);
            found.set(file, { count, loaded, left });
        }
        return found;
    }

    test('broken off by kill -9 and run again, it ends complete', async () => {
        const start = await bytesWritten();
        const broken = launch(['import', 'olist', folder, '--data', server.folder]);
        await eventually('the import has begun to write',
            async () => await bytesWritten() > start + 2_000_000, { every: 2 });
        broken.kill('SIGKILL');
        assert.equal((await broken.ended).signal, 'SIGKILL', 'it was not done yet');
        const result = await run(['import', 'olist', folder, '--data', server.folder]);
        assert.equal(result.status, 0, result.stderr + result.stdout);
        for (const id of expected.empty) {
            assert.ok(result.stdout.includes(id), `order ${id} has no items and must be named`);
        }
        const files = summary(result.stdout);
        for (const name of ['sellers', 'customers', 'products', 'orders', 'order_items',
            'order_payments', 'order_reviews']) {
            const { count, loaded, left } = files.get(name);
            assert.equal(count, rows(name).length, `rows of ${name}`);
            assert.equal(loaded + left, count, `${name}: each row is loaded or not`);
            const named = result.stdout.match(new RegExp(`^${name}, line \\d+: not loaded`, 'gm'));
            assert.equal(named?.length ?? 0, left, `${name}: what was not loaded is named`);
        }
        await server.start();
    });

    test('every order of every seller is there, with its sum', async () => {
        const orders = await shop.list('/v1/orders', 'orders');
        assert.equal(orders.length, expected.pairs.size);
        const orgs = await shop.list('/v1/orgs', 'orgs');
        assert.equal(orgs.filter(({ reference }) => expected.sellers.has(reference)).length,
            expected.sellers.size);
        const sellerOf = new Map(orgs.map(({ org, reference }) => [org, reference]));
        const sums = new Map();
        for (const { reference, org, items, total } of orders) {
            const pair = `${reference} ${sellerOf.get(org)}`;
            assert.ok(!sums.has(pair), `${pair} is there twice`);
            const sum = items.reduce((all, { price, quantity, freight }) =>
                all + price.amount * quantity + freight.amount, 0);
            assert.deepEqual(total, { amount: sum, currency: 'BRL' });
            sums.set(pair, sum);
        }
        assert.deepEqual([...sums].sort(), [...expected.pairs].sort());
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
            [order.reference, order]));
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
