// A log walker built on golang.org/x/mod/sumdb, which others wrote, reads our served log.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { execFile } from 'node:child_process';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { exchange, inParallel, orderBody, startMarketplace } from '../story/harness.mjs';

const logwalk = process.env.LOGWALK;
const absent = logwalk && existsSync(logwalk)
    ? false : 'LOGWALK does not name the built tests/protocol/logwalk';
const ENTRIES = 600; // Two full tiles and a partial one.

const walk = (prefix, vkey) => new Promise((resolve) => {
    execFile(logwalk, [prefix, vkey], (error, stdout, stderr) =>
        resolve({ status: error ? error.code : 0, said: stdout + stderr }));
});

describe('the Go log walker', { skip: absent }, () => {
    let server, log;
    const tampered = { path: null, edit: null };
    let proxy;

    before(async () => {
        const marketplace = await startMarketplace();
        ({ server } = marketplace);
        await inParallel(Array.from({ length: ENTRIES }), 32, () =>
            marketplace.shop.act('/v1/orders', orderBody(marketplace.seller, marketplace.buyer)));
        log = await server.logState();
        // Serves our log with one file changed.
        proxy = http.createServer(async (request, response) => {
            const answer = await exchange(server.address, { path: request.url });
            const bytes = Buffer.from(answer.bytes);
            if (tampered.path?.test(request.url)) tampered.edit(bytes);
            response.writeHead(answer.status, { 'Content-Type': answer.headers['content-type'] });
            response.end(bytes);
        });
        await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    });
    after(async () => {
        proxy?.close();
        await server?.stop();
    });

    test('finds every leaf', async () => {
        const { status, said } = await walk(`${server.address.origin}/log`, log.vkey);
        assert.equal(status, 0, said);
        assert.match(said, new RegExp(`\\b${log.size}\\b`), 'it counts them all');
    });

    test('finds a changed byte, wherever it is', async () => {
        const prefix = `http://127.0.0.1:${proxy.address().port}/log`;
        assert.equal((await walk(prefix, log.vkey)).status, 0, 'unchanged, it is no trouble');
        for (const [path, at] of [[/checkpoint/, 3], [/tile\/entries\/000/, 20],
            [/tile\/entries\/002/, 40], [/tile\/0\/000/, 1], [/tile\/1\//, 5]]) {
            tampered.path = path;
            tampered.edit = (bytes) => (bytes[at] ^= 1);
            const { status, said } = await walk(prefix, log.vkey);
            assert.notEqual(status, 0, `${path} at ${at}: ${said}`);
        }
    });

    test('does not accept another key', async () => {
        const other = log.vkey.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
        assert.notEqual((await walk(`${server.address.origin}/log`, other)).status, 0);
    });
});
