// `counterfoil witness`: it cosigns a log that only grows, and nothing else, across restarts.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
    answersFit, eventually, exchange, inParallel, placeOrder, run, startMarketplace,
    temporaryFolder,
} from './harness.mjs';
import { changedAt, checkBundle } from './support/bundle.mjs';
import { Log, parseCheckpoint, parseKey, sha256, signedBy } from './support/tlog.mjs';
import { Witness } from './support/witness.mjs';

describe('a witness', () => {
    const log = new Log('log.example/one', Buffer.alloc(32, 1));
    const other = new Log('log.example/two', Buffer.alloc(32, 2));
    let witness;

    before(async () => {
        witness = await new Witness(temporaryFolder(), 'witness.example/w1',
            [log.vkey, other.vkey]).init();
        await witness.start();
        log.grow(5);
    });
    after(async () => {
        assert.equal((await witness.stop()).status, 0);
    });

    // The answer's lines must be good cosignatures of the checkpoint.
    function assertCosigned(answer, note) {
        assert.equal(answer.status, 200, answer.text);
        const checkpoint = parseCheckpoint(Buffer.from(note + answer.text), parseKey(log.vkey));
        const key = parseKey(witness.vkey);
        assert.equal(key.type, 0x04);
        assert.ok(signedBy(checkpoint.note, key));
        const line = checkpoint.note.signatures.find(({ name }) => name === key.name);
        assert.ok(Number(line.bytes.readBigUInt64BE(0)) > 1_700_000_000);
    }

    // Monitors get the checkpoint of SIZE with the log's signature and the ANSWER's cosignature.
    async function assertShown(size, answer) {
        const shown = await witness.monitor(log.origin);
        assert.equal(shown.status, 200, shown.text);
        assert.match(shown.headers['content-type'], /^text\/plain/);
        assert.equal(shown.text, log.checkpoint({ size }) + answer.text);
    }

    test('shows monitors nothing of a log before it cosigned it', async () => {
        assert.equal((await witness.monitor(log.origin)).status, 404);
        assert.equal((await witness.monitor('log.example/unknown')).status, 404);
    });

    test('cosigns a log\'s first checkpoint and its growth', async () => {
        for (const growth of [0, 8]) {
            const old = growth && log.leaves.length;
            log.grow(growth);
            const answer = await witness.add(log, old);
            assertCosigned(answer, log.checkpoint());
            await assertShown(log.leaves.length, answer);
        }
    });

    test('shows monitors the log\'s signature and its own, once each and no others', async () => {
        const stranger = new Log('stranger.example', Buffer.alloc(32, 9));
        stranger.leaves = log.leaves;
        const [, ownLine] = log.checkpoint().split('\n\n');
        const [, strangersLine] = stranger.checkpoint({ origin: log.origin }).split('\n\n');
        const note = log.checkpoint() + strangersLine + ownLine.repeat(62);
        const answer = await witness.add(log, 13, { note });
        assert.equal(answer.status, 200, answer.text);
        await assertShown(13, answer);
    });

    test('shows monitors nothing under other paths and methods', async () => {
        assert.equal((await witness.monitor(other.origin)).status, 404);
        assert.equal((await witness.monitor(log.origin, 'POST')).status, 405);
        const hash = sha256(Buffer.from(log.origin)).toString('hex');
        for (const wrong of [`/${hash}`, `/${hash}/checkpoint/`, `/${hash}/checkpoints`,
            `/${hash.toUpperCase()}/checkpoint`, `/${hash.slice(1)}/checkpoint`,
            `/x/${hash}/checkpoint`, '/checkpoint', `/${'0'.repeat(64)}/checkpoint`]) {
            const answer = await exchange(witness.address, { path: wrong });
            assert.equal(answer.status, 404, wrong);
        }
    });

    test('cosigns the same checkpoint again', async () => {
        assertCosigned(await witness.add(log, 13), log.checkpoint());
    });

    test('another old size: 409 with the one on record', async () => {
        log.grow(4);
        const answer = await witness.add(log, 5);
        assert.equal(answer.status, 409);
        assert.equal(answer.text, '13\n');
        assert.match(answer.headers['content-type'], /^text\/x\.tlog\.size/);
    });

    const forged = () => {
        const fork = new Log(log.origin, Buffer.alloc(32, 1));
        fork.grow(log.leaves.length, 'forged');
        return fork;
    };

    test('a proof that does not fit: 422', async () => {
        const proof = log.proof(13);
        for (const bad of [[], proof.slice(1), [...proof, randomBytes(32)],
            proof.map(() => randomBytes(32)), [...proof].reverse()]) {
            const answer = await witness.add(log, 13, { proof: bad });
            assert.equal(answer.status, 422, answer.text);
        }
    });

    test('a history that was rewritten: 422', async () => {
        assert.equal((await witness.add(forged(), 13)).status, 422);
    });

    test('the same size with another root: 422', async () => {
        const answer = await witness.add(log, 13, { size: 13, root: randomBytes(32), proof: [] });
        assert.equal(answer.status, 422);
    });

    test('a log that shrinks: refused', async () => {
        assert.equal((await witness.add(log, 7, { size: 7, proof: [] })).status, 409);
        assert.equal((await witness.add(log, 13, { size: 7, proof: [] })).status, 400);
        assert.equal((await witness.add(log, 0, { size: 0, proof: [] })).status, 409);
    });

    test('an unknown log: 404; a signature that is not the log\'s: 403', async () => {
        const unknown = new Log('log.example/unknown', Buffer.alloc(32, 3));
        unknown.grow(1);
        assert.equal((await witness.add(unknown, 0)).status, 404);
        const impostor = new Log(log.origin, Buffer.alloc(32, 4));
        impostor.leaves = [...log.leaves];
        assert.equal((await witness.add(impostor, 13)).status, 403);
        const note = log.checkpoint();
        const spoiled = note.replace(/(\S{20})\n$/, (line) =>
            [...line].map((c, i) => (i === 4 ? (c === 'A' ? 'B' : 'A') : c)).join(''));
        assert.notEqual(spoiled, note);
        assert.ok([400, 403].includes((await witness.add(log, 13, { note: spoiled })).status));
    });

    test('a proof with old size 0, an empty tree with a root: 422', async () => {
        other.grow(3);
        assert.equal((await witness.add(other, 0, { proof: [randomBytes(32)] })).status, 422);
        const empty = { size: 0, root: randomBytes(32), proof: [] };
        assert.equal((await witness.add(other, 0, empty)).status, 422);
        assert.equal((await witness.add(other, 0)).status, 200, 'each log has its own record');
    });

    test('malformed requests: 400', async () => {
        const note = log.checkpoint();
        for (const body of ['', 'old\n\n', `old 013\n\n${note}`, `old -1\n\n${note}`,
            `old 13 \n\n${note}`, `new 13\n\n${note}`, `old 13\nnot base64\n\n${note}`,
            `old 13\n${'A'.repeat(43)}=\n${note}`, `old 13\n\n${note.slice(0, -1)}`,
            `old 13\n${`${'A'.repeat(43)}=\n`.repeat(64)}\n${note}`,
            `old 99999999999999999999\n\n${note}`]) {
            const answer = await witness.send(body);
            assert.equal(answer.status, 400, `${JSON.stringify(body.slice(0, 60))} ${answer.text}`);
        }
        const huge = await witness.send(Buffer.alloc(1 << 20, 'x')).catch(() => ({ status: 413 }));
        assert.ok([400, 413].includes(huge.status));
    });

    test('none of this moved its record', async () => {
        const answer = await witness.add(log, 0, { proof: [] });
        assert.equal(answer.status, 409);
        assert.equal(answer.text, '13\n');
    });

    test('it remembers across a restart and across kill -9', async () => {
        const newest = await witness.add(log, 13, { size: 13 });
        assertCosigned(newest, log.checkpoint({ size: 13 }));
        for (const signal of ['SIGTERM', 'SIGKILL']) {
            await witness.stop(signal);
            await witness.start();
            await assertShown(13, newest);
            const forgotten = await witness.add(log, 0, { proof: [] });
            assert.equal(forgotten.status, 409, 'a witness that forgot would cosign a fork');
            assert.equal((await witness.add(forged(), 13)).status, 422);
        }
        assertCosigned(await witness.add(log, 13), log.checkpoint());
    });

    test('of many at once one wins, and the record never goes back', async () => {
        const start = log.leaves.length;
        log.grow(20);
        const sizes = Array.from({ length: 20 }, (_, i) => start + i + 1);
        const answers = await Promise.all(sizes.map((size) => witness.add(log, start, { size })));
        assert.equal(answers.filter(({ status }) => status === 200).length, 1);
        const won = sizes[answers.findIndex(({ status }) => status === 200)];
        assert.equal((await witness.add(log, 0, { proof: [] })).text, `${won}\n`);
    });

    test('a damaged state stops the start instead of being forgotten', async () => {
        await witness.stop();
        const damaged = new Witness(temporaryFolder(), witness.name, witness.logs);
        damaged.keyFile = witness.keyFile;
        writeFileSync(path.join(damaged.folder, 'witness.state'), 'nonsense\n');
        await assert.rejects(damaged.start());
        await witness.start();
    });
});

describe('a server with witnesses', () => {
    let server, shop, seller, buyer, folder;
    const witnesses = [];

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
        folder = temporaryFolder();
        const { vkey } = await server.logState();
        for (const name of ['association.example/w1', 'chamber.example/w2']) {
            const witness = new Witness(path.join(folder, name.split('.')[0]), name, [vkey]);
            mkdirSync(witness.folder);
            await witness.init();
            witnesses.push(await witness.start());
        }
        await server.restart({
            'log.witnesses': witnesses.map(({ vkey: key, address }) => `${key} ${address.origin}`),
            'log.witness_every': '200ms',
        });
    });
    after(async () => {
        for (const witness of witnesses) await witness.stop();
        await server?.stop();
    });

    const evidence = async (order) =>
        seller.expect(200, await seller.get(`/v1/orders/${order}/evidence`)).text;

    // The bundle of ORDER once it carries cosignatures of all of BY.
    const cosigned = (order, by) => eventually(`cosignatures of ${by.length}`, async () => {
        const { vkey } = await server.logState();
        const text = await evidence(order);
        try {
            checkBundle(text, vkey, by.map((witness) => witness.vkey));
            return text;
        } catch (error) {
            if (error.message.includes('cosignature')) return null;
            throw error;
        }
    });

    test('evidence carries their cosignatures, and the verifier counts them', async () => {
        const order = await placeOrder(shop, seller, buyer);
        const bundle = path.join(folder, 'bundle.json');
        writeFileSync(bundle, await cosigned(order, witnesses));
        const { vkey } = await server.logState();
        const policy = path.join(folder, 'policy');
        const rules = (...lines) => writeFileSync(policy, `${lines.join('\n')}\n`);
        const verify = () => run(['verify', bundle, '--log-key', vkey, '--policy', policy]);

        rules(`log ${vkey}`, `witness W1 ${witnesses[0].vkey}`, `witness W2 ${witnesses[1].vkey}`,
            'group both all W1 W2', 'quorum both');
        const good = await verify();
        assert.equal(good.status, 0, good.stdout + good.stderr);
        assert.match(good.stdout, /association\.example\/w1/);

        const stranger = new Log('stranger.example/w', Buffer.alloc(32, 9), 0x04);
        rules(`log ${vkey}`, `witness W1 ${witnesses[0].vkey}`, `witness W3 ${stranger.vkey}`,
            'group both all W1 W3', 'quorum both');
        const bad = await verify();
        assert.equal(bad.status, 1, bad.stdout);
    });

    test('one changed character is found, in the cosignatures too', async () => {
        const { vkey } = await server.logState();
        const text = await cosigned(await placeOrder(shop, seller, buyer), witnesses);
        // All of the last proof with its signatures, and of the keys.
        const start = text.lastIndexOf('c2sp.org/tlog-proof');
        const positions = Array.from({ length: text.length - start }, (_, i) => start + i)
            .filter((at) => at % 5 === 0);
        await inParallel(positions, 4, async (at) => {
            const file = path.join(folder, `changed-${at}.json`);
            writeFileSync(file, changedAt(text, at));
            const result = await run(['verify', file, '--log-key', vkey]);
            assert.equal(result.status, 1, `${at}: ${text.slice(at - 20, at + 20)}`);
        });
    });

    test('a witness that is away does not stop the service', async () => {
        await witnesses[0].stop('SIGKILL');
        const order = await placeOrder(shop, seller, buyer);
        const bundle = await cosigned(order, [witnesses[1]]);
        assert.ok(bundle);
        await witnesses[1].stop('SIGKILL');
        const alone = await placeOrder(shop, seller, buyer);
        const { vkey } = await server.logState();
        checkBundle(await evidence(alone), vkey);
        assert.equal((await server.anonymous.get('/healthz')).status, 200);
    });

    test('when it is back it catches up', async () => {
        for (const witness of witnesses) await witness.start();
        await cosigned(await placeOrder(shop, seller, buyer), witnesses);
    });

    answersFit(test, () => server);
});
