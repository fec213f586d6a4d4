// Bad input: each is answered plainly, nothing of it is recorded, and the server goes on.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';

import {
    answersFit, eventually, inParallel, orderBody, placeOrder, requestCancel, ship,
    startMarketplace,
} from './harness.mjs';

describe('bad input', () => {
    let server, shop, seller, buyer, order, request;

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
        order = await placeOrder(shop, seller, buyer);
        request = await requestCancel(buyer, order);
    });
    after(() => server?.stop());

    const logSize = async () => (await server.logState()).size;

    // Sends BODY as an order; it must be answered so and leave no trace in the log.
    async function refused(body, status, code, pointer) {
        const size = await logSize();
        const answer = typeof body === 'string' || Buffer.isBuffer(body)
            ? await shop.postBytes('/v1/orders', body)
            : await shop.post('/v1/orders', body);
        const shown = JSON.stringify(body).slice(0, 200);
        assert.equal(answer.status, status, `${shown}: ${answer.text}`);
        assert.equal(answer.json.code, code, shown);
        assert.equal(answer.json.status, status);
        assert.match(answer.headers['content-type'], /^application\/problem\+json/);
        assert.match(answer.json.request_id, /^req_/);
        assert.equal(answer.headers['request-id'], answer.json.request_id);
        if (pointer !== undefined) {
            assert.ok(answer.json.errors.some((error) => error.pointer === pointer && error.detail),
                `${pointer} is not named in ${answer.text}`);
        }
        assert.equal(await logSize(), size, shown);
    }

    test('what is not JSON', async () => {
        const good = JSON.stringify(orderBody(seller, buyer));
        const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
        for (const body of [' ', '{', '}', 'nonsense', '{"a":}', "{'a':1}", '{"a":1,}',
            '[1,2', '{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":NaN}', '{"a":Infinity}', '{a:1}',
            '{"a":"\n"}', '{"a":"\\x"}', '{"a":"\\ud800"}', '{"a":1}{"b":2}', `${good}x`,
            good.slice(0, -1), '{"a":1,"a":2}', '\ufeff{}', `{"a":${deep}}`,
            `{"a":${'9'.repeat(5000)}}`, '{"a":"\\u0000"}\u0000', '// {}']) {
            await refused(body, 400, 'body-syntax');
        }
    });

    test('no body is an empty object', () => refused('', 422, 'body-invalid', '/org'));

    test('a repeated member, however it is written', async () => {
        const good = JSON.stringify(orderBody(seller, buyer));
        await refused(good.replace('{', '{"org":"org_00000000",'), 400, 'body-syntax');
        await refused(good.replace('{', '{"\\u006frg":"org_00000000",'), 400, 'body-syntax');
    });

    test('JSON that is no object', async () => {
        for (const body of ['null', 'true', '1', '"text"', '[]', '[{}]']) {
            const answer = await shop.postBytes('/v1/orders', body);
            assert.ok([400, 422].includes(answer.status), `${body}: ${answer.text}`);
        }
    });

    test('invalid UTF-8', async () => {
        const [head, tail] = JSON.stringify({ ...orderBody(seller, buyer), reference: '@@' })
            .split('@@').map((part) => Buffer.from(part));
        for (const hex of ['ff', 'c0af', 'eda080', 'f4908080', 'e282', '80', 'f8888080', 'c1bf',
            'fe', 'edbfbf']) {
            await refused(Buffer.concat([head, Buffer.from(hex, 'hex'), tail]), 400, 'body-syntax');
        }
    });

    test('unknown, missing and mistyped members are named', async () => {
        const good = () => orderBody(seller, buyer);
        await refused({ ...good(), colour: 'red' }, 422, 'body-invalid', '/colour');
        await refused({ ...good(), 'a/b~c': 1 }, 422, 'body-invalid', '/a~1b~0c');
        await refused({}, 422, 'body-invalid', '/org');
        for (const name of ['org', 'reference', 'buyer', 'total', 'items']) {
            const body = good();
            delete body[name];
            await refused(body, 422, 'body-invalid', `/${name}`);
            for (const value of [null, 15, true, [], {}, [[]], 'x'.repeat(100_000)]) {
                await refused({ ...good(), [name]: value }, 422, 'body-invalid');
            }
            // No number of the interface has a fraction, so the reader takes none.
            await refused({ ...good(), [name]: 1.5 }, 400, 'body-syntax');
        }
        const body = good();
        body.items[1].quantity = 'two';
        await refused(body, 422, 'body-invalid', '/items/1/quantity');
        body.items[1] = { ...good().items[1], price: { amount: 1 } };
        await refused(body, 422, 'body-invalid', '/items/1/price/currency');
    });

    test('every error of a body is named at once', async () => {
        const body = { ...orderBody(seller, buyer), reference: 7, buyer: [], zebra: 1 };
        const answer = await shop.post('/v1/orders', body);
        assert.deepEqual(answer.json.errors.map(({ pointer }) => pointer).sort(),
            ['/buyer', '/reference', '/zebra']);
    });

    test('amounts that are negative, fractional, overflowing or of no currency', async () => {
        const total = (amount, currency = 'EUR') =>
            JSON.stringify({ ...orderBody(seller, buyer), total: '@' })
                .replace('"@"', `{"amount":${amount},"currency":${JSON.stringify(currency)}}`);
        for (const amount of ['-1', '-9007199254740991', '"100"', 'true', 'null', '1000000000001',
            '9007199254740991']) {
            await refused(total(amount), 422, 'body-invalid', '/total/amount');
        }
        // What not every JSON reader would read alike is not read at all.
        for (const amount of ['1.5', '1e2', '1.0', '1e400', '9007199254740993',
            '-9223372036854775808', '9223372036854775807', '9223372036854775808',
            '18446744073709551616', '123456789012345678901234567890']) {
            await refused(total(amount), 400, 'body-syntax');
        }
        for (const currency of ['', 'EURO', 'EU', 7, null, ['EUR']]) {
            await refused(total('100', currency), 422, 'body-invalid', '/total/currency');
        }
        for (const currency of ['eur', 'E1R', '€']) {
            await refused(total('100', currency), 422, 'body-invalid', '/total');
        }
        for (const quantity of [0, -1, 100_001, 2 ** 53 - 1]) {
            const body = orderBody(seller, buyer);
            body.items[0].quantity = quantity;
            await refused(body, 422, 'body-invalid', '/items/0/quantity');
        }
    });

    test('dates that are out of range or none', async () => {
        for (const time of ['', 'yesterday', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z',
            '2026-00-01T00:00:00Z', '2026-01-32T00:00:00Z', '2026-01-01T24:00:00Z',
            '2026-01-01T00:60:00Z', '2026-01-01T00:00:61Z', '2026-01-01', '2026-01-01 00:00:00Z',
            '2026-01-01T00:00:00', '1969-12-31T23:59:59Z', '1899-01-01T00:00:00Z',
            '2101-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '20260-01-01T00:00:00Z',
            '2026-01-01T00:00:00+25:00', '2026-1-1T0:0:0Z', 1700000000, '٢٠٢٦-01-01T00:00:00Z']) {
            await refused({ ...orderBody(seller, buyer), placed_at: time }, 422, 'body-invalid',
                '/placed_at');
        }
        const leap = { ...orderBody(seller, buyer), placed_at: '2024-02-29T23:59:59.123456Z' };
        const made = await shop.act('/v1/orders', leap);
        assert.equal(Date.parse((await shop.read(`/v1/orders/${made.subject}`)).placed_at),
            Date.parse('2024-02-29T23:59:59.123Z'));
    });

    test('lists that are empty or too long', async () => {
        const [item] = orderBody(seller, buyer).items;
        for (const items of [[], Array.from({ length: 5000 }, () => item)]) {
            const answer = await shop.post('/v1/orders', { ...orderBody(seller, buyer), items });
            assert.ok([413, 422].includes(answer.status), answer.text);
        }
    });

    test('other media types', async () => {
        for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded',
            'multipart/form-data', 'application/jsonx', '']) {
            const answer = await shop.postBytes('/v1/orders', '{}', { 'Content-Type': type });
            assert.equal(answer.status, 415, `${type}: ${answer.text}`);
        }
        assert.equal((await shop.postBytes('/v1/orders', '{}', {})).status, 415);
        const answer = await shop.postBytes('/v1/orders', JSON.stringify(orderBody(seller, buyer)),
            { 'Content-Type': 'application/json; charset=utf-8' });
        assert.equal(answer.status, 201, answer.text);
    });

    test('ids that are none', async () => {
        for (const id of ['x', 'ord_', `ord_${'0'.repeat(25)}`, `ord_${'0'.repeat(27)}`,
            `ord_${'8'.repeat(26)}`, `ord_${'u'.repeat(26)}`, order.toUpperCase(),
            order.replace('ord_', 'act_'), order.slice(4), `${order}%00`, `${order}%2f..`,
            '..%2f..%2fetc%2fpasswd', '%ff', "'; DROP TABLE orders; --".replaceAll(' ', '%20')]) {
            for (const path of [`/v1/orders/${id}`, `/v1/orders/${id}/acts`]) {
                const answer = await shop.get(path);
                assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
            }
        }
    });

    test('another organisation\'s order is not there: 404 as for one that never was', async () => {
        const stranger = await server.seller('Stranger');
        const other = await server.buyer('b-other');
        // Well-formed, of the same organisation, of another moment.
        const never = order.replace(/^ord_../, 'ord_00');
        assert.notEqual(never, order);
        const strip = ({ status, json }) => {
            const { request_id: requestId, detail, ...rest } = json;
            return { status, rest, detail: detail?.replaceAll(order, '@').replaceAll(never, '@') };
        };
        const attempts = [
            [stranger, 'GET', ''], [stranger, 'GET', '/acts'], [stranger, 'GET', '/notices'],
            [stranger, 'GET', '/evidence'], [stranger, 'POST', '/ship', {}],
            [stranger, 'POST', '/cancel-requests/seen', { cancel_request: request }],
            [stranger, 'POST', '/cancel-requests/accept', { cancel_request: request }],
            [stranger, 'POST', '/cancel-requests/refuse', { cancel_request: request, reason: 'x' }],
            [other, 'GET', ''], [other, 'GET', '/acts'], [other, 'GET', '/notices'],
            [other, 'GET', '/evidence'], [other, 'POST', '/cancel-requests', {}],
        ];
        for (const [client, method, path, body] of attempts) {
            const [there, nowhere] = [order, never].map((id) =>
                client.send(method, `/v1/orders/${id}${path}`, { body }));
            const [answer, absent] = [await there, await nowhere];
            assert.equal(answer.status, 404, `${client.role} ${method} ${path}: ${answer.text}`);
            assert.deepEqual(strip(answer), strip(absent), `${client.role} ${method} ${path}`);
        }
        const bulk = await stranger.post('/v1/shipments', { orders: [{ order }] });
        assert.equal(bulk.json.results[0].status, 404);
        assert.equal((await shop.read(`/v1/orders/${order}`)).state, 'placed');
    });

    test('a cancel request of another order', async () => {
        const second = await placeOrder(shop, seller, buyer);
        const theirs = await requestCancel(buyer, second);
        const answer = await seller.post(`/v1/orders/${order}/cancel-requests/seen`,
            { cancel_request: theirs });
        assert.ok([404, 409, 422].includes(answer.status), answer.text);
        assert.equal((await ship(seller, order)).status, 409);
        assert.equal((await ship(seller, second)).status, 409);
    });

    test('keys that are none', async () => {
        const token = shop.token;
        const last = token.at(-1) === 'A' ? 'B' : 'A';
        for (const header of ['', 'Bearer', 'Bearer ', `Bearer ${token}x`, `Basic ${token}`,
            `Bearer ${token.slice(0, -1)}${last}`, `Bearer ${token.replace('shop', 'seller')}`,
            `Bearer ${token.slice(0, -1)}`, `Bearer ${'x'.repeat(4000)}`, token,
            `Bearer ${token} ${token}`, 'Bearer cf_shop_']) {
            const answer = await server.anonymous.get('/v1/orders', { Authorization: header });
            assert.ok([400, 401].includes(answer.status), `${header}: ${answer.text}`);
        }
        const answer = await server.anonymous.get('/v1/orders');
        assert.equal(answer.status, 401);
        assert.match(answer.headers['www-authenticate'], /^Bearer/);
    });

    test('a revoked key stops at once', async () => {
        const doomed = await server.seller('Doomed', seller.org);
        assert.equal((await doomed.get(`/v1/orders/${order}`)).status, 200);
        const key = `key_${doomed.token.split('_')[2]}`;
        await server.operator().act(`/v1/keys/${key}/revoke`, {});
        assert.equal((await doomed.get(`/v1/orders/${order}`)).status, 401);
    });

    test('paths and methods that are not there', async () => {
        assert.equal((await shop.get('/../etc/passwd')).status, 400);
        for (const path of ['/v1', '/v1/nothing', '/v2/orders', '/v1/orders/', '/log/tile/',
            '/log/tile/0/0', '/log/tile/64/000', '/log/tile/0/000.p/0', '/log/tile/0/000.p/256',
            '/log/tile/0/x000/000', '/log/tile/0/999', '/log/tile/0/000.p/01',
            '/log/checkpoint/x']) {
            assert.equal((await shop.get(path)).status, 404, path);
        }
        const answer = await shop.send('DELETE', `/v1/orders/${order}`);
        assert.equal(answer.status, 405);
        assert.match(answer.headers.allow, /GET/);
    });

    test('queries that are none', async () => {
        for (const query of ['limit=0', 'limit=-1', 'limit=x', 'limit=1.5', 'after=x',
            'after=act_01jd0000000000000000000000', 'state=lost', 'colour=red', 'state=',
            'limit=5&limit=6', 'limit=99999999999999999999']) {
            const bad = await shop.get(`/v1/orders?${query}`);
            assert.equal(bad.status, 400, `${query}: ${bad.text}`);
            assert.equal(bad.json.code, 'query-invalid');
        }
        const most = await shop.get('/v1/orders?limit=100000');
        assert.equal(most.status, 200, 'more than the most is the most');
    });

    // Sends the head of a request and, if the server lets it, BYTES of its body.
    function flood(head, bytes) {
        return new Promise((resolve, reject) => {
            const socket = net.connect(server.address.port, server.address.hostname);
            let answer = '';
            socket.setEncoding('latin1');
            socket.on('data', (chunk) => (answer += chunk));
            socket.on('error', () => {});
            socket.on('close', () => resolve(answer));
            setTimeout(() => reject(new Error('the connection stays open')), 60_000).unref();
            socket.write(head);
            const chunk = Buffer.alloc(65_536, ' ');
            let left = bytes;
            const more = () => {
                while (left > 0 && !socket.destroyed) {
                    left -= chunk.length;
                    if (!socket.write(chunk)) return socket.once('drain', more);
                }
                return undefined;
            };
            more();
        });
    }

    const head = (fields) => `POST /v1/orders HTTP/1.1\r\nHost: localhost\r\n` +
        `Authorization: Bearer ${shop.token}\r\nContent-Type: application/json\r\n` +
        `${fields}\r\n`;

    test('bodies of 10 MB', async () => {
        const bytes = 10 * 1024 * 1024;
        const size = await logSize();
        const declared = await flood(head(`Content-Length: ${bytes}\r\nConnection: close\r\n`), 0);
        assert.match(declared, /^HTTP\/1\.1 413 /);
        const sent = await flood(head(`Content-Length: ${bytes}\r\nConnection: close\r\n`), bytes);
        assert.ok(sent === '' || sent.startsWith('HTTP/1.1 413 '), sent.slice(0, 100));
        const chunked = await flood(
            `${head('Transfer-Encoding: chunked\r\nConnection: close\r\n')}a00000\r\n`, bytes);
        assert.ok(chunked === '' || chunked.startsWith('HTTP/1.1 413 '), chunked.slice(0, 100));
        assert.equal(await logSize(), size);
    });

    test('a thousand bad requests at once do not disturb a good one', async () => {
        const bad = Array.from({ length: 1000 }, (_, i) => i);
        const [good] = await Promise.all([
            shop.post('/v1/orders', orderBody(seller, buyer)),
            inParallel(bad, 60, (i) => shop.postBytes('/v1/orders', '{'.repeat(i + 1))),
        ]);
        assert.equal(good.status, 201);
    });

    answersFit(test, () => server);
});

describe('bad clients', () => {
    let server, shop, seller, buyer;
    const sockets = [];

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace({ settings: {
            'http.head_time': '500ms',
            'http.body_time': '500ms',
            'http.idle_time': '300s',
        } }));
    });
    after(async () => {
        for (const socket of sockets) socket.destroy();
        await server?.stop();
    });

    function open() {
        return new Promise((resolve, reject) => {
            const socket = net.connect(server.address.port, server.address.hostname);
            sockets.push(socket);
            socket.said = '';
            socket.setEncoding('latin1');
            socket.on('data', (chunk) => (socket.said += chunk));
            socket.on('close', () => (socket.gone = true));
            socket.once('connect', () => {
                socket.removeAllListeners('error');
                socket.on('error', () => {});
                resolve(socket);
            });
            socket.once('error', reject);
        });
    }

    test('one who sends the head too slowly is sent away', async () => {
        const socket = await open();
        socket.write('GET /healthz HTTP/1.1\r\nHost: local');
        await eventually('the connection ends', () => socket.gone);
        assert.ok(socket.said === '' || socket.said.startsWith('HTTP/1.1 408 '), socket.said);
    });

    test('one who drips is sent away too', async () => {
        const socket = await open();
        socket.write('GET /healthz HTTP/1.1\r\n');
        const drip = setInterval(() => socket.destroyed || socket.write('X: y\r\n'), 50);
        await eventually('the connection ends', () => socket.gone);
        clearInterval(drip);
        assert.ok(!socket.said.startsWith('HTTP/1.1 200'));
    });

    test('one who sends the body too slowly is sent away', async () => {
        const { size } = await server.logState();
        const socket = await open();
        socket.write(`POST /v1/orders HTTP/1.1\r\nHost: localhost\r\n` +
            `Authorization: Bearer ${shop.token}\r\nContent-Type: application/json\r\n` +
            'Content-Length: 500\r\n\r\n{"org":');
        await eventually('the connection ends', () => socket.gone);
        assert.ok(socket.said === '' || socket.said.startsWith('HTTP/1.1 408 '), socket.said);
        assert.equal((await server.logState()).size, size);
    });

    test('1,000 idle connections disturb nobody', async () => {
        const idle = await inParallel(Array.from({ length: 1000 }), 50, open);
        for (let i = 0; i < 20; i++) await placeOrder(shop, seller, buyer);
        const socket = idle[500];
        socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await eventually('an idle connection is still served', () =>
            socket.said.startsWith('HTTP/1.1 200 '));
        assert.equal(idle.filter(({ gone }) => gone).length, 0);
    });

    test('clients that leave without reading their answers', async () => {
        await inParallel(Array.from({ length: 200 }), 20, async () => {
            const socket = await open();
            socket.write(`GET /v1/feed?after=0&limit=500 HTTP/1.1\r\nHost: localhost\r\n` +
                `Authorization: Bearer ${shop.token}\r\n\r\n`);
            socket.resetAndDestroy();
        });
        assert.equal((await server.anonymous.get('/healthz')).status, 200);
        await placeOrder(shop, seller, buyer);
    });

    answersFit(test, () => server);
});

describe('the rate limit', () => {
    let server, shop, other;
    before(async () => {
        ({ server, shop } = await startMarketplace({ settings: {
            'http.rate': '1', 'http.burst': '20',
        } }));
        other = await server.auditor();
    });
    after(() => server?.stop());

    test('one key too many times: 429 with when to come again; another key is not touched',
        async () => {
            const answers = await inParallel(Array.from({ length: 60 }), 10, () =>
                shop.get('/v1/orders'));
            const good = answers.find(({ status }) => status === 200);
            assert.match(good.headers['ratelimit-policy'], /q=20/);
            assert.match(good.headers.ratelimit, /r=\d+/);
            const limited = answers.filter(({ status }) => status === 429);
            assert.ok(limited.length > 0);
            for (const answer of limited) {
                assert.equal(answer.json.code, 'rate-limited');
                assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
            }
            assert.equal((await other.get('/v1/orders')).status, 200);
        });

    test('what costs and needs no key is limited by address; a key has a limit of its own',
        async () => {
            const body = { from: 'seller', text: 'It is on its way' };
            const answers = await inParallel(Array.from({ length: 60 }), 10, () =>
                server.anonymous.post('/v1/messages/lint', body));
            assert.ok(answers.some(({ status }) => status === 200));
            assert.ok(answers.some(({ status, json }) =>
                status === 429 && json.code === 'rate-limited'));
            assert.equal((await other.post('/v1/messages/lint', body)).status, 200);
            const stranger = { Authorization: `Bearer ${other.token.slice(0, -1)}` };
            assert.equal((await server.anonymous.post('/v1/messages/lint', body, stranger)).status,
                401);
        });

    test('bad keys are limited by address; good ones from there are not touched', async () => {
        const wrong = other.token.replace(/.(?=.{9}$)/, (one) => (one === 'A' ? 'B' : 'A'));
        const bad = { Authorization: `Bearer ${wrong}` };
        const answers = await inParallel(Array.from({ length: 60 }), 10, () =>
            server.anonymous.get('/v1/orders', bad));
        assert.ok(answers.every(({ status }) => [401, 429].includes(status)));
        assert.ok(answers.some(({ status }) => status === 401));
        assert.ok(answers.some(({ status }) => status === 429));
        assert.equal((await other.get('/v1/orders')).status, 200);
    });

    answersFit(test, () => server);
});

describe('more acts than may wait', () => {
    const ORDERS = 1000;
    let server, shop, seller, buyer;
    before(async () => {
        ({ server, shop, seller, buyer } =
            await startMarketplace({ settings: { 'acts.waiting_max': '64' } }));
    });
    after(() => server?.stop());

    test('each is done or refused with 503, and can be sent again', async () => {
        const orders = await inParallel(Array.from({ length: ORDERS }), 16, () =>
            placeOrder(shop, seller, buyer));
        let left = orders;
        let refused = 0;
        while (left.length > 0) {
            const answer = await seller.post('/v1/shipments',
                { orders: left.map((order) => ({ order })) });
            assert.equal(answer.status, 200, answer.text);
            const again = answer.json.results.filter(({ status }) => status !== 201);
            for (const { status, problem } of again) {
                assert.equal(status, 503);
                assert.equal(problem.code, 'overloaded');
            }
            assert.ok(again.length < left.length, 'some are done each time');
            refused += again.length;
            left = again.map(({ order }) => order);
        }
        assert.ok(refused > 0, 'the limit was reached');
        const shipped = await seller.list('/v1/orders?state=shipped', 'orders');
        assert.equal(shipped.length, ORDERS);
    });

    answersFit(test, () => server);
});
