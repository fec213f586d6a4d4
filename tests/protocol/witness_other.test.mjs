// A witness that judges by golang.org/x/mod/sumdb, which others wrote, cosigns our log as it grows.

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import {
    eventually, inParallel, orderBody, placeOrder, repository, run, startMarketplace,
    temporaryFolder,
} from '../story/harness.mjs';
import { checkBundle } from '../story/support/bundle.mjs';

const LIBRARY = '/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog';
const GROWTH = [1, 2, 30, 257, 5]; // Orders between two cosignatures.

function whatIsMissing() {
    try {
        execFileSync('go', ['version']);
    } catch {
        return 'there is no Go compiler (Debian: golang-go)';
    }
    return existsSync(LIBRARY) ? false : `${LIBRARY} is absent (Debian: golang-golang-x-mod-dev)`;
}

describe('a witness on others\' code', { skip: whatIsMissing() }, () => {
    let marketplace, server, witness, vkey;
    const folder = temporaryFolder();

    async function startWitness(logKey) {
        const binary = path.join(folder, 'gowitness');
        await promisify(execFile)('go', ['build', '-o', binary, '.'], {
            cwd: path.join(repository, 'tests/protocol/gowitness'),
            env: { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' },
        });
        witness = spawn(binary, ['witness.example/go', logKey],
            { stdio: ['ignore', 'pipe', 'inherit'] });
        let said = '';
        witness.stdout.on('data', (chunk) => (said += chunk));
        const [, key, url] = await eventually('the witness listens', () =>
            /^key (\S+)\nlistening on (\S+)\n/.exec(said));
        return { key, url };
    }

    before(async () => {
        marketplace = await startMarketplace();
        ({ server } = marketplace);
        ({ vkey } = await server.logState());
        const { key, url } = await startWitness(vkey);
        marketplace.key = key;
        await server.restart({ 'log.witnesses': `${key} ${url}`, 'log.witness_every': '200ms' });
    });
    after(async () => {
        witness?.kill();
        await server?.stop();
    });

    for (const count of GROWTH) {
        test(`cosigns a log that grew by ${count} orders`, async () => {
            const { shop, seller, buyer, key } = marketplace;
            await inParallel(Array.from({ length: count - 1 }), 16, () =>
                shop.act('/v1/orders', orderBody(seller, buyer)));
            const order = await placeOrder(shop, seller, buyer);
            const bundle = await eventually('evidence with its cosignature', async () => {
                const answer = await seller.get(`/v1/orders/${order}/evidence`);
                assert.equal(answer.status, 200, answer.text);
                return JSON.parse(answer.text).keys.includes(key) && answer.text;
            });
            checkBundle(bundle, vkey, [key]);
            const file = path.join(folder, 'bundle.json');
            const policy = path.join(folder, 'policy');
            writeFileSync(file, bundle);
            writeFileSync(policy, `log ${vkey}\nwitness Go ${key}\nquorum Go\n`);
            const result = await run(['verify', file, '--log-key', vkey, '--policy', policy]);
            assert.equal(result.status, 0, result.stdout + result.stderr);
        });
    }
});
