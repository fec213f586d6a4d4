// An authenticator and its browser in software: registers passkeys and signs with them, for tests
// that need no real browser. It takes the options that a server sends (WebAuthn L3 §5.1.8, §5.1.9:
// binary members in base64url) and answers what a browser's PublicKeyCredential.toJSON() gives.
//
//     const phone = new Authenticator({ origin: 'https://market.example' });
//     const registration = phone.create(creationOptions);
//     const assertion = phone.get(requestOptions);
//
// Both take a second argument that tells it to lie:
//
//     client      changes the members of the client data, or returns a text in their place
//     flags       changes the flags byte (FLAGS)
//     rpId        another relying party in the authenticator data
//     signCount   another count
//     extensions  bytes of an extension map; the flag is set
//     data        changes the authenticator data, before it is signed
//     key         another encoded public key (create)
//     self        self attestation instead of none (create)
//     attestation changes the members of the attestation object, or replaces its bytes (create)
//     signature   changes the signature
//     response    changes the answer as a whole

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export const FLAGS = { UP: 0x01, UV: 0x04, BE: 0x08, BS: 0x10, AT: 0x40, ED: 0x80 };
const ALGORITHMS = { ES256: -7, EdDSA: -8, RS256: -257 };
const AAGUID = Buffer.from('soft auth in js.');

export const sha256 = (...pieces) => {
    const hash = createHash('sha256');
    for (const piece of pieces) hash.update(piece);
    return hash.digest();
};
export const toBase64url = (bytes) => Buffer.from(bytes).toString('base64url');
export const fromBase64url = (text) => Buffer.from(text, 'base64url');

function cborHead(major, argument) {
    if (argument < 24) return Buffer.from([major << 5 | argument]);
    if (argument < 0x100) return Buffer.from([major << 5 | 24, argument]);
    if (argument < 0x10000) return Buffer.from([major << 5 | 25, argument >> 8, argument & 0xff]);
    throw new RangeError('no test needs numbers that large');
}

// CBOR of integers, bytes, strings, lists, and Maps, whose members keep their order.
export function cbor(value) {
    if (Number.isInteger(value)) return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
    if (typeof value === 'boolean') return Buffer.from([value ? 0xf5 : 0xf4]);
    if (typeof value === 'string') {
        const bytes = Buffer.from(value);
        return Buffer.concat([cborHead(3, bytes.length), bytes]);
    }
    if (value instanceof Uint8Array) return Buffer.concat([cborHead(2, value.length), value]);
    if (Array.isArray(value)) {
        return Buffer.concat([cborHead(4, value.length), ...value.map(cbor)]);
    }
    return Buffer.concat([cborHead(5, value.size),
        ...[...value].flatMap(([name, member]) => [cbor(name), cbor(member)])]);
}

function makeKey(algorithm) {
    const { publicKey, privateKey } = {
        ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
        EdDSA: () => generateKeyPairSync('ed25519'),
        RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    }[algorithm]();
    const jwk = publicKey.export({ format: 'jwk' });
    const head = (type) => [[1, type], [3, ALGORITHMS[algorithm]]];
    const cose = {
        ES256: () => [...head(2), [-1, 1], [-2, fromBase64url(jwk.x)], [-3, fromBase64url(jwk.y)]],
        EdDSA: () => [...head(1), [-1, 6], [-2, fromBase64url(jwk.x)]],
        RS256: () => [...head(3), [-1, fromBase64url(jwk.n)], [-2, fromBase64url(jwk.e)]],
    }[algorithm]();
    return { algorithm, publicKey, privateKey, cose: cbor(new Map(cose)) };
}

function signWith({ algorithm, privateKey }, ...pieces) {
    return sign(algorithm === 'EdDSA' ? null : 'sha256', Buffer.concat(pieces), privateKey);
}

function clientData(type, challenge, origin, lie) {
    const members = { type, challenge, origin, crossOrigin: false };
    const told = lie.client?.(members) ?? members;
    return Buffer.isBuffer(told) ? told
        : Buffer.from(typeof told === 'string' ? told : JSON.stringify(told));
}

function authenticatorData({ rpId, flags, signCount, credential = Buffer.alloc(0) }, lie) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(lie.signCount ?? signCount);
    const all = flags | (lie.extensions ? FLAGS.ED : 0);
    const bytes = Buffer.concat([
        sha256(lie.rpId ?? rpId), Buffer.from([lie.flags?.(all) ?? all]), count, credential,
        lie.extensions ?? Buffer.alloc(0),
    ]);
    return lie.data?.(bytes) ?? bytes;
}

export class Authenticator {
    // COUNTS: it has a signature counter (security keys do, passkeys that are backed up do not).
    // KEY: of a credential's, for all of its credentials, because RSA keys are slow to make.
    constructor({ origin, algorithm = 'ES256', backedUp = false, counts = false, key = null }) {
        Object.assign(this, { origin, algorithm, counts, key, credentials: [] });
        this.flags = FLAGS.UP | FLAGS.UV | (backedUp ? FLAGS.BE | FLAGS.BS : 0);
    }

    // navigator.credentials.create({ publicKey: OPTIONS })
    create(options, lie = {}) {
        const offered = options.pubKeyCredParams?.map(({ alg }) => alg);
        if (offered && !offered.includes(ALGORITHMS[this.algorithm])) {
            throw new Error(`${this.algorithm} is not offered`);
        }
        const credential = {
            id: lie.id ?? randomBytes(32),
            rpId: options.rp?.id ?? new URL(this.origin).hostname,
            userHandle: options.user.id,
            key: this.key ?? makeKey(this.algorithm),
            signCount: 0,
        };
        const client = clientData('webauthn.create', options.challenge, this.origin, lie);
        const length = Buffer.from([credential.id.length >> 8, credential.id.length & 0xff]);
        const data = authenticatorData({
            rpId: credential.rpId,
            flags: this.flags | FLAGS.AT,
            signCount: credential.signCount,
            credential: Buffer.concat([AAGUID, length, credential.id,
                lie.key ?? credential.key.cose]),
        }, lie);
        const signature = signWith(credential.key, data, sha256(client));
        const members = new Map(lie.self
            ? [['fmt', 'packed'], ['attStmt', new Map([['alg', ALGORITHMS[this.algorithm]],
                ['sig', lie.signature?.(signature) ?? signature]])]]
            : [['fmt', 'none'], ['attStmt', new Map()]]);
        members.set('authData', data);
        const told = lie.attestation?.(members) ?? members;
        this.credentials.push(credential);
        return this.#answer(credential, {
            clientDataJSON: toBase64url(client),
            attestationObject: toBase64url(Buffer.isBuffer(told) ? told : cbor(told)),
            transports: ['internal'],
        }, lie);
    }

    // navigator.credentials.get({ publicKey: OPTIONS })
    get(options, lie = {}) {
        const allowed = options.allowCredentials?.map(({ id }) => id) ?? [];
        const rpId = options.rpId ?? new URL(this.origin).hostname;
        const credential = this.credentials.findLast(({ id, rpId: its }) => its === rpId &&
            (allowed.length === 0 || allowed.includes(toBase64url(id))));
        if (!credential) throw new Error('no passkey of this authenticator fits');
        if (this.counts) credential.signCount++;
        const client = clientData('webauthn.get', options.challenge, this.origin, lie);
        const data = authenticatorData(
            { rpId, flags: this.flags, signCount: credential.signCount }, lie);
        const signature = signWith(lie.signer ?? credential.key, data, sha256(client));
        return this.#answer(credential, {
            clientDataJSON: toBase64url(client),
            authenticatorData: toBase64url(data),
            signature: toBase64url(lie.signature?.(signature) ?? signature),
            userHandle: credential.userHandle,
        }, lie);
    }

    #answer(credential, response, lie) {
        const id = toBase64url(credential.id);
        const answer = {
            id, rawId: id, type: 'public-key', authenticatorAttachment: 'platform', response,
            clientExtensionResults: {},
        };
        return lie.response?.(answer) ?? answer;
    }
}
