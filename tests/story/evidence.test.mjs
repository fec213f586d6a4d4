// Evidence: what a party takes away, checks offline, and cannot change by a character.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import {
    answersFit, inParallel, markSeen, onPostgres, placeOrder, requestCancel, run, ship,
    startMarketplace, temporaryFolder,
} from './harness.mjs';
import { changedAt, checkBundle } from './support/bundle.mjs';
import { Log } from './support/tlog.mjs';

const LANES = 4;
// Thousands of runs of `verify`, which opens no store.
const skip = onPostgres && 'a bundle is a file, whichever the store it came from';

describe('evidence', () => {
    let server, shop, seller, buyer, order, vkey;
    const folder = temporaryFolder();
    let files = 0;

    before(async () => {
        ({ server, shop, seller, buyer } = await startMarketplace());
        ({ vkey } = await server.logState());
        order = await placeOrder(shop, seller, buyer);
        const request = await requestCancel(buyer, order, 'Ordered the wrong edition');
        await ship(seller, order);
        await markSeen(seller, order, request);
        await seller.act(`/v1/orders/${order}/cancel-requests/refuse`,
            { cancel_request: request, reason: 'It left this morning' });
        await ship(seller, order);
    });
    after(() => server?.stop());

    const evidence = async (client, of = order) =>
        client.expect(200, await client.get(`/v1/orders/${of}/evidence`)).text;

    async function verify(bundle, ...args) {
        const file = path.join(folder, `bundle-${++files}.json`);
        writeFileSync(file, bundle);
        return run(['verify', file, ...args]);
    }

    test('each party\'s bundle verifies offline and tells the story', async () => {
        for (const client of [shop, seller, buyer, await server.auditor()]) {
            const result = await verify(await evidence(client), '--log-key', vkey);
            assert.equal(result.status, 0, result.stdout + result.stderr);
            for (const said of [/asked to cancel/i, /Ordered the wrong edition/,
                /It left this morning/, /UTC/]) {
                assert.match(result.stdout, said);
            }
        }
    });

    test('a second implementation comes to the same result', async () => {
        const bundle = checkBundle(await evidence(seller), vkey);
        assert.equal(bundle.subject, order);
        const acts = bundle.acts.map(({ record }) => `${record.type} ${record.outcome}`)
            .filter((line) => line.startsWith('order.'));
        assert.deepEqual(acts, ['order.created accepted', 'order.cancel_requested accepted',
            'order.shipped refused', 'order.cancel_seen accepted',
            'order.cancel_refused accepted', 'order.shipped accepted']);
    });

    test('a bundle holds what the feed said', async () => {
        const bundle = JSON.parse(await evidence(seller));
        const feed = (await seller.feed()).filter(({ act }) => act.subject === order);
        const byId = new Map(bundle.acts.map(({ record }) => [record.id, record]));
        for (const { act } of feed.filter(({ act: { type } }) => type.startsWith('order.'))) {
            assert.deepEqual(byId.get(act.id), act);
        }
    });

    test('another log\'s key does not verify it', async () => {
        const other = new Log(vkey.split('+')[0], Buffer.alloc(32, 5));
        const result = await verify(await evidence(seller), '--log-key', other.vkey);
        assert.equal(result.status, 1, result.stdout);
        assert.notEqual(result.stdout + result.stderr, '');
    });

    test('usage errors are told apart from findings', async () => {
        const bundle = await evidence(seller);
        assert.equal((await verify(bundle)).status, 2, 'no key');
        assert.equal((await verify(bundle, '--log-key', 'nonsense')).status, 2);
        assert.equal((await verify(bundle, '--log-key', vkey, '--nonsense')).status, 2);
        assert.notEqual((await run(['verify', path.join(folder, 'absent.json'), '--log-key',
            vkey])).status, 0);
        for (const text of ['', '{}', '[]', 'null', bundle.slice(0, -1), `${bundle}${bundle}`]) {
            assert.equal((await verify(text, '--log-key', vkey)).status, 1, text.slice(0, 40));
        }
    });

    async function mustBeFound(bundle, changed, where) {
        assert.notEqual(changed, bundle);
        const result = await verify(changed, '--log-key', vkey);
        assert.equal(result.signal, null, `${where}: ${result.stderr}`);
        assert.equal(result.status, 1, `${where} was not found:\n${result.stdout}`);
        assert.notEqual(result.stdout + result.stderr, '', `${where}: it says what does not fit`);
    }

    test('one changed character is found, at every position', { skip }, async () => {
        // A short story, so that every position of its bundle can be tried.
        const short = await evidence(seller, await placeOrder(shop, seller, buyer));
        assert.equal((await verify(short, '--log-key', vkey)).status, 0);
        const step = Number(process.env.EVIDENCE_STEP ?? 1);
        const positions = [...short].map((_, at) => at).filter((at) => at % step === 0);
        await inParallel(positions, LANES, (at) => mustBeFound(short, changedAt(short, at),
            `position ${at} (${short.slice(Math.max(0, at - 20), at + 20)})`));
    });

    test('a missing, doubled, or added character is found', { skip }, async () => {
        const bundle = await evidence(buyer);
        const positions = Array.from({ length: 120 }, (_, i) =>
            Math.floor(((i + 0.5) * bundle.length) / 120));
        await inParallel(positions, LANES, async (at) => {
            const [head, tail] = [bundle.slice(0, at), bundle.slice(at)];
            await mustBeFound(bundle, head + tail.slice(1), `without ${at}`);
            await mustBeFound(bundle, head + bundle[at] + tail, `${at} doubled`);
            await mustBeFound(bundle, `${head} ${tail}`, `a space at ${at}`);
        });
    });

    test('acts exchanged, changed or taken from elsewhere are found', async () => {
        const bundle = await evidence(seller);
        const elsewhere = JSON.parse(
            await evidence(seller, await placeOrder(shop, seller, buyer)));
        const change = async (what, edit) => {
            const copy = JSON.parse(bundle);
            edit(copy);
            await mustBeFound(bundle, JSON.stringify(copy), what);
        };
        await change('two acts exchanged', ({ acts }) =>
            acts.splice(0, 2, acts[1], acts[0]));
        await change('an act twice', ({ acts }) => acts.splice(1, 0, acts[0]));
        await change('an act of another order', ({ acts }) => acts.push(elsewhere.acts[0]));
        await change('salts exchanged', ({ acts: [a, b] }) =>
            ([a.salt, b.salt] = [b.salt, a.salt]));
        await change('proofs exchanged', ({ acts: [a, b] }) =>
            ([a.proof, b.proof] = [b.proof, a.proof]));
        await change('another subject', (copy) => (copy.subject = elsewhere.subject));
        await change('no acts', (copy) => (copy.acts = []));
        await change('no keys', (copy) => (copy.keys = []));
        await change('an unknown member', (copy) => (copy.zzz = 1));
    });

    test('strangers get no evidence', async () => {
        const stranger = await server.seller('Stranger');
        const other = await server.buyer('b-404');
        for (const client of [stranger, other]) {
            assert.equal((await client.get(`/v1/orders/${order}/evidence`)).status, 404);
        }
        assert.equal((await server.anonymous.get(`/v1/orders/${order}/evidence`)).status, 401);
    });

    answersFit(test, () => server);
});
