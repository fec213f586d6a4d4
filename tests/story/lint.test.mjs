// A message is judged before it is sent: POST /v1/messages/lint.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { answersFit, startMarketplace } from './harness.mjs';

describe('the message rules over HTTP', () => {
    let server, seller, buyer;

    before(async () => {
        ({ server, seller, buyer } = await startMarketplace({ settings: { 'policy.rules': '' } }));
    });
    after(() => server?.stop());

    async function lint(body, client = seller) {
        const answer = await client.post('/v1/messages/lint', body);
        assert.equal(answer.status, 200, answer.text);
        return answer.json;
    }

    async function refused(body, pointer) {
        const answer = await seller.post('/v1/messages/lint', body);
        assert.equal(answer.status, 422, answer.text);
        assert.equal(answer.json.code, 'body-invalid');
        assert.ok(answer.json.errors.some((error) => error.pointer === pointer && error.detail),
            `${pointer} is not named in ${answer.text}`);
    }

    test('an ordinary message is allowed', async () => {
        const judged = await lint({ from: 'seller', text: 'Your parcel leaves us tomorrow.' });
        assert.equal(judged.verdict, 'allow');
        assert.deepEqual(judged.findings, []);
        assert.equal(judged.score, 0);
    });

    test('a finding names its rule, the clause, the bytes, the reason and the mend', async () => {
        const text = '🙂 +7 916 123-45-67, Иван';
        const judged = await lint({ from: 'seller', text });
        assert.equal(judged.verdict, 'block');
        const found = judged.findings.find(({ rule }) => rule === 'contact.phone');
        assert.ok(found, JSON.stringify(judged));
        assert.equal(found.text, '+7 916 123-45-67');
        assert.equal(Buffer.from(text).subarray(found.span.start, found.span.end).toString(),
            found.text);
        assert.ok(found.version >= 1);
        assert.ok(found.clause && found.reason.includes(found.text) && found.mend);
    });

    test('reasons are in the reader\'s language', async () => {
        const body = { from: 'seller', text: 'write to ivan.petrov@mail.ru' };
        const reasons = new Set();
        for (const language of ['en', 'ru', 'zh', 'es', 'ja']) {
            const judged = await lint({ ...body, reader_language: language });
            assert.equal(judged.language, language);
            reasons.add(judged.findings[0].reason);
        }
        assert.equal(reasons.size, 5);
        assert.equal((await lint({ ...body, reader_language: 'tlh' })).language, 'en');
    });

    test('what the order knows is no contact', async () => {
        const text = 'Order 89161234567 is packed, and 89161234567 is on the label';
        const context = { order_id: '89161234567' };
        assert.equal((await lint({ from: 'seller', text: 'It is 89161234567' })).verdict, 'block');
        assert.equal((await lint({ from: 'seller', text, context })).verdict, 'allow');
    });

    test('who writes matters: one word of a buyer is an answer', async () => {
        assert.equal((await lint({ from: 'seller', text: 'ok' })).verdict, 'warn');
        assert.equal((await lint({ from: 'buyer', text: 'ok' }, buyer)).verdict, 'allow');
    });

    test('a message of the greatest length is judged, a longer one is refused', async () => {
        const longest = 'word '.repeat(Math.floor(65536 / 5));
        assert.equal((await lint({ from: 'seller', text: longest })).verdict, 'allow');
        await refused({ from: 'seller', text: `${longest}too long a message` }, '/text');
    });

    test('bad input names its field', async () => {
        await refused({ from: 'seller' }, '/text');
        await refused({ from: 'seller', text: 5 }, '/text');
        await refused({ from: 'seller', text: 'Hello', context: { review: { stars: 9 } } },
            '/context/review/stars');
    });

    answersFit(test, () => server);
});
