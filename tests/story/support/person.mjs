// A person at a browser: cookies, the header fields that a page of ours sends, and an authenticator
// in software.
//
//     const ana = new Person(server, 'Ana Lima');
//     await ana.enrol(await server.invitation(org));
//     await ana.sign('/v1/org/settings', 'org.settings_changed', { four_eyes: true });
//
// A second Person that takes over the first one's authenticator, but not the cookies, is the same
// person at another device: `ana.elsewhere()`.

import { createHmac } from 'node:crypto';

import { Authenticator } from './authenticator.mjs';
import { Client } from './client.mjs';
import { eventually } from './wait.mjs';

// RFC 6238 with the secret in base32, as an authenticator application does it.
export function totp(secret, at = Date.now()) {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    const bits = [...secret].map((c) => digits.indexOf(c).toString(2).padStart(5, '0')).join('');
    const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
    const mac = createHmac('sha1', key).update(step).digest();
    const from = mac[19] & 15;
    return String((mac.readUInt32BE(from) & 0x7fffffff) % 1000000).padStart(6, '0');
}

const STEP_MS = 30_000;
const TYPING_MS = 8_000;

// A code that is none of USED, which keeps it, and that does not end while it is typed.
export async function freshCode(secret, used = new Set()) {
    const code = await eventually('a code that was not used, early in its half minute', () =>
        Date.now() % STEP_MS < STEP_MS - TYPING_MS && !used.has(totp(secret)) && totp(secret));
    used.add(code);
    return code;
}

export class Person extends Client {
    constructor(server, name, { email, authenticator } = {}) {
        super(server, { role: 'person' });
        this.name = name;
        this.email = email ?? `${name.toLowerCase().replace(/\W+/g, '.')}@example.org`;
        this.cookies = new Map();
        this.authenticator = authenticator ?? new Authenticator({ origin: this.origin() });
        this.agentName = 'Test browser';
        this.steps = null;
        this.for = null; // for which organisation
    }

    origin() {
        return `http://localhost:${this.server.address.port}`;
    }

    // The same person, with the same authenticator, at a device that the server never saw.
    elsewhere() {
        const other = new Person(this.server, this.name,
            { email: this.email, authenticator: this.authenticator });
        return Object.assign(other, { id: this.id, secret: this.secret, for: this.for,
            password: this.password, agentName: 'Another browser' });
    }

    credentials() {
        return this.cookies.size === 0 ? {} : {
            Cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    }

    async send(method, path, { body, headers = {}, raw = false } = {}) {
        const fields = {
            'User-Agent': this.agentName,
            'Sec-Fetch-Site': 'same-origin',
            ...(method === 'GET' ? {} : { Origin: this.origin(), 'Counterfoil-Client': 'test' }),
            ...(this.for ? { 'Counterfoil-Org': this.for } : {}),
            ...(this.steps ? { 'Interface-Steps': this.steps } : {}),
            ...this.credentials(),
            ...headers, // null: without it
        };
        for (const [name, value] of Object.entries(fields)) if (value === null) delete fields[name];
        const answer = await super.send(method, path, { body, headers: fields, raw });
        for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) this.keep(cookie);
        return answer;
    }

    keep(cookie) {
        const [pair, ...attributes] = cookie.split('; ');
        const [name, value] = pair.split(/=(.*)/s);
        if (attributes.includes('Max-Age=0')) this.cookies.delete(name);
        else this.cookies.set(name, value);
    }

    async challenge(path, body = {}) {
        return this.expect(200, await this.post(path, body)).json;
    }

    creation(challenge, lie) {
        const { response } = this.authenticator.create({
            challenge: challenge.challenge,
            rp: { id: challenge.rp_id },
            user: { id: challenge.user_id },
        }, lie);
        return { client_data: response.clientDataJSON,
            attestation_object: response.attestationObject };
    }

    assertion(challenge, lie, allowed = []) {
        const { id, response } = this.authenticator.get({
            challenge: challenge.challenge,
            rpId: challenge.rp_id,
            allowCredentials: allowed.map((credential) => ({ id: credential })),
        }, lie);
        return {
            credential: id,
            client_data: response.clientDataJSON,
            authenticator_data: response.authenticatorData,
            signature: response.signature,
        };
    }

    // Makes an account with a passkey.
    async enrol(invitation) {
        const challenge = await this.challenge('/v1/enrolment/challenge', { invitation });
        const answer = await this.post('/v1/enrolment', {
            invitation, name: this.name, email: this.email, person: challenge.person,
            nonce: challenge.nonce, authenticator_name: 'Phone', ...this.creation(challenge),
        });
        this.id = this.expect(200, answer).json.person;
        return this;
    }

    // The same with password and TOTP.
    async enrolWithPassword(invitation, password) {
        const challenge = await this.challenge('/v1/enrolment/challenge', { invitation });
        const answer = await this.post('/v1/enrolment', {
            invitation, name: this.name, email: this.email, person: challenge.person,
            nonce: challenge.nonce, authenticator_name: 'App', password,
            totp: challenge.totp.id, code: await freshCode(challenge.totp.secret),
        });
        this.id = this.expect(200, answer).json.person;
        Object.assign(this, { password, secret: challenge.totp.secret });
        return this;
    }

    async tryLogin(lie) {
        const challenge = await this.challenge('/v1/login/challenge');
        const { userHandle } = this.authenticator.get({ challenge: challenge.challenge,
            rpId: challenge.rp_id }).response;
        return this.post('/v1/login/passkey', { nonce: challenge.nonce, user_handle: userHandle,
            ...this.assertion(challenge, lie) });
    }

    async login(lie) {
        this.id = this.expect(200, await this.tryLogin(lie)).json.person;
        return this;
    }

    tryPassword(password, code) {
        return this.post('/v1/login/password', { email: this.email, password, code });
    }

    async confirm() {
        const challenge = await this.challenge('/v1/me/session/challenge');
        return this.expect(200, await this.post('/v1/me/session/confirm',
            { nonce: challenge.nonce, ...this.assertion(challenge) }));
    }

    async addPasskey(name, authenticator) {
        const challenge = await this.challenge('/v1/me/passkeys/challenge');
        const own = this.authenticator;
        this.authenticator = authenticator;
        const created = this.creation(challenge);
        this.authenticator = own;
        return this.expect(201, await this.post('/v1/me/passkeys',
            { name, nonce: challenge.nonce, ...created })).json;
    }

    // The exact terms of an act.
    async terms(act, body, subject) {
        return this.expect(200, await this.post('/v1/signing', { act,
            ...(body ? { body } : {}), ...(subject ? { subject } : {}) })).json;
    }

    signature(terms, lie) {
        return { nonce: terms.nonce, terms: terms.terms,
            ...this.assertion(terms, lie, terms.credentials) };
    }

    // An act with its signature, whatever becomes of it.
    async trySign(path, act, body = {}, subject = null, lie = {}) {
        const terms = await this.terms(act, body, subject);
        return this.post(path, { ...body, signature: this.signature(terms, lie) });
    }

    async sign(path, act, body, subject) {
        return this.expect(201, await this.trySign(path, act, body, subject)).json;
    }
}
