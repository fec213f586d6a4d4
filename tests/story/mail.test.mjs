// Notices by mail: one an event and never two, through restarts and servers that fail; read again
// by somebody else's parser.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { eventually, placeOrder, requestCancel, sleep, startMarketplace } from './harness.mjs';
import { parseMail } from './support/mailbox.mjs';
import { MailServer } from './support/smtp.mjs';

// An order whose cancel request reaches nobody: the shop's staff gets an incident.
async function raiseIncident({ shop, seller, buyer }, reason = 'Ordered twice') {
    const order = await placeOrder(shop, seller, buyer);
    await requestCancel(buyer, order, reason);
    return order;
}

const settings = (server, more = {}) => ({
    'orders.deliver_within': '300ms',
    'mail.server': server.url,
    'mail.tls': 'off',
    'mail.staff': 'desk@shop.example',
    'mail.time_scale': '0.001',
    ...more,
});

const states = async (operator) =>
    (await operator.list('/v1/mails', 'mails')).map(({ state }) => state);

describe('notices by mail', () => {
    test('one an event, as plain text, and a receipt', async () => {
        const mails = await new MailServer().open();
        const market = await startMarketplace({ settings: settings(mails) });
        const operator = market.server.operator();
        try {
            const order = await raiseIncident(market);
            await eventually('the mail is there', () => mails.taken.length > 0);
            const { headers, text, type } = parseMail(mails.taken[0].text);
            const header = Object.fromEntries(headers);
            assert.equal(type, 'text/plain');
            assert.equal(header.Subject, 'Somebody could not be reached in time');
            assert.equal(header['Auto-Submitted'], 'auto-generated');
            assert.match(text, new RegExp(`About: ${order}`));
            assert.match(text, /The seller has not been reached yet/);
            assert.deepEqual(mails.taken[0].to, ['desk@shop.example']);
            const [row] = await eventually('it is sent', async () => {
                const rows = await operator.list('/v1/mails', 'mails');
                return rows.length > 0 && rows[0].state === 'sent' && rows;
            });
            assert.match(header['Message-Id'], new RegExp(`^<${row.id}@`));
            const shown = await operator.read(`/v1/mails/${row.id}/message`);
            assert.equal(shown.text.trim(), text.replaceAll('\r\n', '\n').trim());
            await eventually('the incident counts as told', async () =>
                (await market.shop.feed()).some(({ act }) => act.type === 'receipt.delivered' &&
                    act.body.audience === 'shop' && act.body.means === 'mail'));
            const sellers = await market.seller.list('/v1/mails', 'mails');
            assert.deepEqual(sellers, []);
            const foreign = await market.seller.get(`/v1/mails/${row.id}/message`);
            assert.equal(foreign.status, 404);
        } finally {
            await market.server.stop();
            await mails.close();
        }
        assert.equal(mails.taken.length, 1);
    });

    test('refused for now it comes again, refused for good it does not', async () => {
        const mails = await new MailServer({
            message: (mail, earlier) => (earlier.length < 2 ? 451 : 250),
            recipient: (to) => (to.startsWith('gone') ? 550 : 250),
        }).open();
        const market = await startMarketplace({ settings: settings(mails, {
            'mail.staff': ['desk@shop.example', 'gone@shop.example'] }) });
        const operator = market.server.operator();
        try {
            await raiseIncident(market);
            await eventually('both are decided', async () =>
                (await states(operator)).sort().join() === 'failed,sent');
            const rows = await operator.list('/v1/mails', 'mails');
            const sent = rows.find(({ state }) => state === 'sent');
            assert.deepEqual(sent.attempts.map(({ status }) => status), [451, 451, 250]);
            const failed = rows.find(({ state }) => state === 'failed');
            assert.deepEqual(failed.attempts.map(({ status }) => status), [550]);
        } finally {
            await market.server.stop();
            await mails.close();
        }
        assert.equal(mails.taken.length, 1);
    });

    test('an answer that is lost makes it uncertain, not two', async () => {
        const mails = await new MailServer({ message: () => 'silence' }).open();
        const market = await startMarketplace({ settings: settings(mails) });
        const operator = market.server.operator();
        try {
            await raiseIncident(market);
            await eventually('it is uncertain', async () =>
                (await states(operator)).join() === 'uncertain');
            await market.server.restart();
            await sleep(300);
            assert.deepEqual(await states(operator), ['uncertain']);
        } finally {
            await market.server.stop();
            await mails.close();
        }
        assert.equal(mails.mails.length, 1);
    });

    test('the queue survives a server that is away and kills of ours', async () => {
        const mails = await new MailServer().open();
        const { url } = mails;
        await mails.close();
        const market = await startMarketplace({ settings: settings({ url }) });
        const operator = market.server.operator();
        let again;
        try {
            for (let i = 0; i < 5; i++) await raiseIncident(market);
            await eventually('all wait', async () => (await states(operator)).length === 5);
            await market.server.kill();
            again = new MailServer();
            await new Promise((resolve) =>
                again.server.listen(Number(new URL(url).port), '127.0.0.1', resolve));
            await market.server.start();
            await eventually('all are decided', async () =>
                (await states(operator)).every((state) => ['sent', 'uncertain'].includes(state)));
            await market.server.restart();
            await sleep(300);
        } finally {
            await market.server.stop();
            await again?.close();
        }
        const ids = again.mails.map(({ text }) => /^Message-Id: (.*)$/m.exec(text)[1]);
        assert.equal(new Set(ids).size, ids.length, 'no mail came twice');
    });

    test('in a demonstration mails are files that can be read', async () => {
        const market = await startMarketplace({ settings: {
            'orders.deliver_within': '300ms',
            'mail.folder': 'mail',
            'mail.staff': 'desk@shop.example',
            'mail.language': 'ru',
        } });
        const operator = market.server.operator();
        try {
            await raiseIncident(market, 'Bcc: eve@x.example');
            const [row] = await eventually('it is written', async () => {
                const rows = await operator.list('/v1/mails?state=sent', 'mails');
                return rows.length > 0 && rows;
            });
            const folder = path.join(market.server.folder, 'mail');
            assert.deepEqual(readdirSync(folder), [`${row.id}.eml`]);
            const file = readFileSync(path.join(folder, `${row.id}.eml`), 'utf8');
            const body = await operator.read(`/v1/mails/${row.id}/message`);
            assert.equal(body.file, file);
            const { headers, text } = parseMail(file);
            assert.equal(Object.fromEntries(headers).Subject, body.subject);
            assert.match(text, /инцидент/);
            assert.ok(headers.every(([name]) => name.toLowerCase() !== 'bcc'));
        } finally {
            await market.server.stop();
        }
    });

    test('settings that cannot work stop the start, by name', async () => {
        const market = await startMarketplace({});
        try {
            await market.server.halt();
            for (const [setting, value] of [
                ['mail.server', 'http://127.0.0.1:25'], ['mail.from', 'nobody'],
                ['mail.language', 'xx'], ['mail.staff', 'a b@c'],
                ['mail.credentials', '/nonexistent'], ['mail.authorities', '/nonexistent'],
            ]) {
                const outcome = await market.server.tryCommand('serve', '--listen', '127.0.0.1:0',
                    '--set', 'mail.server=smtp://127.0.0.1:1', '--set', `${setting}=${value}`);
                assert.notEqual(outcome.status, 0, setting);
                assert.match(outcome.stderr, new RegExp(value === '/nonexistent'
                    ? 'nonexistent' : setting.replace('.', '\\.')), outcome.stderr);
            }
            await market.server.start();
        } finally {
            await market.server.stop();
        }
    });
});
