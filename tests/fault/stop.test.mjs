// The ways in which a server ends: asked to, or because its signer has died.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { eventually, onPostgres, orderBody, startMarketplace } from '../story/harness.mjs';

const LANES = 8;

describe('a server that ends', () => {
    let server, shop, seller, buyer;
    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
    });
    after(() => server?.stop());

    // The processes that the server has started.
    const children = () =>
        readFileSync(`/proc/${server.child.pid}/task/${server.child.pid}/children`, 'utf8')
            .split(' ').filter(Boolean).map(Number);

    const isThere = (pid) => {
        try {
            process.kill(pid, 0);
            return true;
        } catch {
            return false;
        }
    };

    test('SIGTERM under load: it ends well, and what it answered is there', async () => {
        const acknowledged = [];
        const refused = [];
        const lanes = Array.from({ length: LANES }, async () => {
            for (;;) {
                const answer = await shop.post('/v1/orders', orderBody(seller, buyer))
                    .catch(() => null);
                if (answer === null) return;
                if (answer.status === 201) acknowledged.push(answer.json.act);
                else refused.push(answer.status);
            }
        });
        await eventually('the load has begun', () => acknowledged.length > 50, { every: 1 });
        await server.halt();
        await Promise.all(lanes);
        await server.command('replay', '--check');
        await server.start();
        const all = new Set((await shop.feed()).map(({ act }) => act.id));
        for (const act of acknowledged) assert.ok(all.has(act), act);
        assert.deepEqual(refused.filter((status) => status !== 503), []);
    });

    test('kill -9 leaves no process behind, and nothing locked', async () => {
        const signers = children();
        assert.equal(signers.length, 1);
        await server.kill();
        await eventually('the signer is gone', () => !isThere(signers[0]));
        await server.start();
    });

    test('without its signer it says so, ends with 1, and starts again', async () => {
        const [signer] = children();
        process.kill(signer, 'SIGKILL');
        server.agent.destroy();
        const { status, signal } = await server.child.ended;
        assert.equal(signal, null);
        assert.equal(status, 1, server.log());
        assert.match(server.log(), /sign/);
        await server.start();
        assert.equal((await shop.post('/v1/orders', orderBody(seller, buyer))).status, 201);
    });

    test('a disk that is full makes it unhealthy, and room again healthy, without an act',
        { skip: onPostgres && 'the limit would be on the server, which writes no file' },
        async () => {
            const limit = (size) => execFileSync('prlimit',
                ['--pid', String(server.child.pid), `--fsize=${size}:unlimited`]);
            const health = async () => (await server.anonymous.get('/healthz')).status;
            limit(1);
            const refused = await shop.post('/v1/orders', orderBody(seller, buyer));
            assert.ok(refused.status >= 500, refused.text);
            assert.ok(await health() >= 500);
            assert.ok(await health() >= 500, 'the probe is refused as well');
            limit('unlimited');
            assert.equal(await health(), 200);
            assert.equal((await shop.post('/v1/orders', orderBody(seller, buyer))).status, 201);
        });

    test('two servers do not share a folder', async () => {
        const second = await server.tryCommand('serve', '--listen', '127.0.0.1:0');
        assert.equal(second.status, 1);
        assert.match(second.stderr, /another process/i);
        assert.equal((await server.anonymous.get('/healthz')).status, 200);
    });
});
