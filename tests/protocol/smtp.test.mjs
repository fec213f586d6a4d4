// Notices over SMTP with TLS, to a mail server by others (aiosmtpd): STARTTLS and TLS from the
// start, with a password; and what must not happen: a mail or the password to a server that shows
// another's certificate, a certificate of nobody we trust, or no TLS at all.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { before, describe, test } from 'node:test';

import { eventually, placeOrder, requestCancel, startMarketplace, temporaryFolder }
    from '../story/harness.mjs';

const USER = 'notices';
const PASSWORD = 'correct horse battery';
const SERVER = path.join(import.meta.dirname, 'smtp_server.py');
const PYTHON = '/usr/bin/python3'; // Debian's own, which has Debian's aiosmtpd

const installed = spawnSync(PYTHON, ['-c', 'import aiosmtpd']).status === 0;
const skip = installed ? false : 'python3-aiosmtpd is not installed';

let folder;
const file = (name) => path.join(folder, name);

function openssl(...args) {
    const done = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
}

// An authority, NAME.pem, and what it certifies: a server of the names in ALTERNATIVES.
function authority(name) {
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-days', '2', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`,
        '-addext', 'basicConstraints=critical,CA:TRUE');
}

function certify(by, name, alternatives, days = 2) {
    writeFileSync(file(`${name}.txt`), `subjectAltName=${alternatives}\n`);
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
        '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.pem`, '-CAkey', `${by}.key`,
        '-days', `${days}`, '-extfile', `${name}.txt`, '-out', `${name}.pem`);
}

class TlsMailServer {
    async open(mode, certificate) {
        this.events = [];
        this.child = spawn(PYTHON, [SERVER, mode, file(`${certificate}.pem`),
            file(`${certificate}.key`), USER, PASSWORD], { stdio: ['ignore', 'pipe', 'inherit'] });
        createInterface(this.child.stdout)
            .on('line', (line) => this.events.push(JSON.parse(line)));
        const { port } = await eventually('the mail server listens', () => this.events.shift());
        const scheme = mode === 'implicit' ? 'smtps' : 'smtp';
        this.url = `${scheme}://localhost:${port}`;
        return this;
    }

    of(name) {
        return this.events.filter((event) => name in event);
    }

    async close() {
        const ended = new Promise((resolve) => this.child.once('exit', resolve));
        this.child.kill();
        await ended;
    }
}

// What becomes of one notice. Done with the mail's row after it was sent, or tried twice.
async function notice({ mode, certificate, password = PASSWORD, authorities = 'ours' }, check) {
    const mails = await new TlsMailServer().open(mode, certificate);
    writeFileSync(file('credentials'), `${USER}\n${password}\n`);
    const market = await startMarketplace({ settings: {
        'orders.deliver_within': '300ms',
        'mail.server': mails.url,
        'mail.credentials': file('credentials'),
        ...(authorities === null ? {} : { 'mail.authorities': file(`${authorities}.pem`) }),
        'mail.staff': 'desk@shop.example',
        'mail.time_scale': '0.001',
    } });
    try {
        await requestCancel(market.buyer, await placeOrder(market.shop, market.seller,
            market.buyer), 'Ordered twice');
        const operator = market.server.operator();
        const row = await eventually('the mail is sent, or tried twice', async () => {
            const [first] = await operator.list('/v1/mails', 'mails');
            const isOver = first && (!['pending', 'sending'].includes(first.state) ||
                (first.tries >= 2 && first.attempts?.length > 0));
            return isOver && first;
        });
        await check(row, mails, market);
    } finally {
        await market.server.stop();
        await mails.close();
    }
}

const isSent = (starts) => (row, mails) => {
    assert.equal(row.state, 'sent', JSON.stringify(row.attempts));
    assert.deepEqual(mails.of('password'), [{ password: PASSWORD, tls: true }]);
    const [mail] = mails.of('mail');
    assert.match(mail.mail, /^Subject: Somebody could not be reached in time/m);
    assert.deepEqual([mail.to, mail.tls, mail.authenticated],
        [['desk@shop.example'], true, true]);
    assert.equal(mails.events.filter(({ command }) => command === 'STARTTLS').length, starts);
};

// Nothing went out: no password, no sender, no mail. The operator sees why.
const isKept = (why) => (row, mails) => {
    assert.notEqual(row.state, 'sent');
    assert.match(row.attempts[0].error, why);
    assert.deepEqual(mails.of('password'), []);
    assert.deepEqual(mails.of('mail'), []);
    assert.deepEqual(mails.events.filter(({ command }) => command === 'MAIL'), []);
};

describe('a mail server with TLS', { skip }, () => {
    before(() => {
        folder = temporaryFolder();
        authority('ours');
        authority('theirs');
        certify('ours', 'good', 'DNS:localhost');
        certify('ours', 'elsewhere', 'DNS:mail.elsewhere.example');
        certify('ours', 'expired', 'DNS:localhost', -1);
        certify('theirs', 'stranger', 'DNS:localhost');
    });

    test('gets notices after STARTTLS, with the password inside of TLS', () =>
        notice({ mode: 'starttls', certificate: 'good' }, isSent(1)));

    test('gets notices over TLS from the start', () =>
        notice({ mode: 'implicit', certificate: 'good' }, isSent(0)));

    for (const mode of ['starttls', 'implicit']) {
        test(`gets nothing with a certificate of another name (${mode})`, () =>
            notice({ mode, certificate: 'elsewhere' }, isKept(/certificate/)));

        test(`gets nothing with a certificate of an authority that is not trusted (${mode})`, () =>
            notice({ mode, certificate: 'stranger' }, isKept(/certificate/)));

        test(`gets nothing with a certificate that has expired (${mode})`, () =>
            notice({ mode, certificate: 'expired' }, isKept(/certificate/)));

        test(`gets nothing where only the system's authorities are trusted (${mode})`, () =>
            notice({ mode, certificate: 'good', authorities: null }, isKept(/certificate/)));
    }

    test('without STARTTLS gets neither mail nor password', () =>
        notice({ mode: 'plain', certificate: 'good' }, isKept(/SSL/)));

    test('that does not take the password gets no mail', () =>
        notice({ mode: 'starttls', certificate: 'good', password: 'wrong' }, (row, mails) => {
            assert.notEqual(row.state, 'sent');
            assert.match(row.attempts[0].error, /denied|[Ll]ogin/);
            assert.ok(mails.of('password').every(({ tls }) => tls));
            assert.deepEqual(mails.of('mail'), []);
        }));

    test('is the only one that a password may be for', async () => {
        const market = await startMarketplace({});
        try {
            await market.server.halt();
            writeFileSync(file('credentials'), `${USER}\n${PASSWORD}\n`);
            const tries = [
                [['mail.tls=off', `mail.credentials=${file('credentials')}`], /over TLS only/],
                [[`mail.authorities=${file('good.key')}`], /mail\.authorities: .* no certificate/],
            ];
            for (const [settings, why] of tries) {
                const outcome = await market.server.tryCommand('serve', '--listen', '127.0.0.1:0',
                    '--set', 'mail.server=smtp://localhost:1',
                    ...settings.flatMap((setting) => ['--set', setting]));
                assert.notEqual(outcome.status, 0);
                assert.match(outcome.stderr, why);
                assert.doesNotMatch(outcome.stderr, new RegExp(PASSWORD));
            }
            await market.server.start();
        } finally {
            await market.server.stop();
        }
    });
});
