// Paid services, asked for with API keys: who may offer and propose, that none of them can
// activate, and that every try is in the activity. People sign in consent.test.mjs.

import assert from 'node:assert/strict';
import path from 'node:path';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { run, startMarketplace, temporaryFolder } from './harness.mjs';
import { PLAN, propose, publish } from './support/services.mjs';

describe('paid services', () => {
    let server, shop, seller, operator, service, subscription;

    before(async () => {
        ({ server, shop, seller } = await startMarketplace());
        operator = server.operator();
        service = await publish(operator);
    });
    after(() => server?.stop());

    test('are published by the operator alone, and must make sense', async () => {
        assert.equal((await shop.post('/v1/services', PLAN)).status, 403);
        assert.equal((await seller.post('/v1/services', PLAN)).status, 403);
        const wrong = await operator.post('/v1/services', { ...PLAN, tax_rate: undefined });
        assert.equal(wrong.status, 422);
        assert.equal(wrong.json.errors[0].pointer, '/tax_rate');
        const [row] = await seller.list('/v1/services', 'services');
        assert.equal(row.id, service);
        assert.deepEqual(row.price, { amount: 1250000, currency: 'RUB' });
        assert.equal(row.edition, 1);
    });

    test('are proposed by shop and seller, and start nothing', async () => {
        subscription = await propose(shop, service, { org: seller.org, via: 'promotion winter' });
        const row = await seller.read(`/v1/subscriptions/${subscription}`);
        assert.equal(row.state, 'proposed');
        assert.equal(row.proposal.via, 'promotion winter');
        assert.match(row.proposal.by, /^shop key_/);
        assert.equal(row.consent, null);
        const again = await seller.post('/v1/subscriptions', { service });
        assert.equal(again.status, 409);
        assert.equal(again.json.code, 'already-done');
        assert.deepEqual(await seller.list('/v1/ledger', 'entries'), []);
    });

    test('cannot be activated by any key; each try is on record', async () => {
        for (const [client, role] of [[seller, 'seller'], [shop, 'shop'], [operator, 'operator']]) {
            const answer = await client.post(`/v1/subscriptions/${subscription}/activate`,
                { language: 'en' });
            assert.equal(answer.status, 403);
            assert.equal(answer.json.code, 'signature-required');
            assert.match(answer.json.act, /^act_/);
            const { activity } = await seller.read(
                '/v1/activity?outcome=refused&type=service.activated&limit=1');
            assert.equal(activity[0].act, answer.json.act);
            assert.equal(activity[0].who.role, role);
            assert.match(activity[0].who.key, /^key_/);
            assert.equal(activity[0].where.address, '127.0.0.1');
            assert.equal(activity[0].problem.code, 'signature-required');
        }
        assert.equal((await seller.read(`/v1/subscriptions/${subscription}`)).state, 'proposed');
    });

    test('of another seller do not exist', async () => {
        const other = await server.seller('Another');
        assert.equal((await other.get(`/v1/subscriptions/${subscription}`)).status, 404);
        assert.equal((await other.post(`/v1/subscriptions/${subscription}/activate`,
            { language: 'en' })).status, 404);
        assert.equal((await other.get(`/v1/activity?org=${seller.org}`)).status, 404);
        const { activity } = await other.read('/v1/activity?type=service.');
        assert.deepEqual(activity, []);
    });

    test('have an activity that is filtered and exported', async () => {
        const own = await operator.read(`/v1/activity?org=${seller.org}&q=WINTER`);
        assert.equal(own.activity.length, 1);
        assert.equal(own.activity[0].type, 'service.proposed');
        assert.equal((await operator.get('/v1/activity')).status, 400);
        for (const query of ['outcome=maybe', 'from=yesterday', 'person=key_1', 'format=xml']) {
            assert.equal((await seller.get(`/v1/activity?${query}`)).status, 400, query);
        }
        const lines = await seller.get('/v1/activity?type=service.&format=jsonl');
        assert.equal(lines.status, 200);
        const entries = lines.text.trim().split('\n').map((line) => JSON.parse(line));
        assert.ok(entries.length >= 5);
        assert.ok(entries.every(({ type }) => type.startsWith('service.')));
        const csv = await seller.get('/v1/activity?type=service.&format=csv&limit=2');
        assert.match(csv.headers['content-type'], /^text\/csv/);
        assert.match(csv.headers['content-disposition'], /activity\.csv/);
        assert.equal(csv.text.split('\r\n').length, 4); // head, two lines, and the end
        assert.match(csv.headers['counterfoil-next'], /^\d+$/);
        const rest = await seller.get(
            `/v1/activity?type=service.&format=jsonl&before=${csv.headers['counterfoil-next']}`);
        assert.equal(rest.text.trim().split('\n').length, entries.length - 2);
    });

    test('leave evidence of the tries, too', async () => {
        const bundle = await seller.get(`/v1/subscriptions/${subscription}/evidence`);
        assert.equal(bundle.status, 200);
        const file = path.join(temporaryFolder(), 'bundle.json');
        writeFileSync(file, bundle.bytes);
        const vkey = (await server.anonymous.read('/v1/state')).log.vkey;
        const told = await run(['verify', file, '--log-key', vkey]);
        assert.equal(told.status, 0, told.stderr);
        assert.match(told.stdout, /A paid service was proposed by way of promotion winter/);
        assert.match(told.stdout, /REFUSED, so this did not happen: An owner signed the terms/);
        assert.match(told.stdout, /This needs a person's signature over its terms/);
    });

    test('are declined by the organisation, and can be proposed anew', async () => {
        await seller.act(`/v1/subscriptions/${subscription}/decline`, { reason: 'No need' });
        const row = await seller.read(`/v1/subscriptions/${subscription}`);
        assert.equal(row.state, 'declined');
        assert.equal(row.ended_reason, 'No need');
        const { activity } = await seller.read('/v1/activity?type=service.declined');
        assert.deepEqual(activity[0].changes.find(({ column }) => column === 'state'),
            { column: 'state', from: 'proposed', table: 'subscriptions', to: 'declined' });
        assert.equal(activity[0].reason, 'No need');
        await propose(seller, service);
        await operator.act(`/v1/services/${service}/retire`, {});
        const late = await shop.post('/v1/subscriptions', { service, org: seller.org });
        assert.equal(late.status, 409);
        assert.equal(late.json.code, 'service-state');
    });
});
