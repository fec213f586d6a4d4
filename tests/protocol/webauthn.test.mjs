// Second opinions on passkeys: each registration and assertion here is judged by us and by the npm
// package @simplewebauthn/server, each assertion by fido2-assert (libfido2) too. They agree, or the
// case says who accepts what we refuse, and why.
//
//     WEBAUTHN_JUDGE=build/tests/unit/webauthn_judge node --test tests/protocol/webauthn.test.mjs

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';

import { temporaryFolder } from '../story/support/program.mjs';
import {
    Authenticator, cbor, FLAGS, fromBase64url, sha256, toBase64url,
} from '../story/support/authenticator.mjs';

const JUDGE = process.env.WEBAUTHN_JUDGE ?? 'build/tests/unit/webauthn_judge';
const RP_ID = 'market.example';
const ORIGIN = 'https://market.example';
const USER = toBase64url('a user handle');
const CHALLENGE = toBase64url('0123456789abcdef0123456789abcdef');
const OTHER_CHALLENGE = toBase64url('0123456789abcdef0123456789abcdeF');
const ALGORITHMS = ['ES256', 'EdDSA', 'RS256'];
const FLIPS = 60; // of bits, for each algorithm

const without = (flag) => (flags) => flags & ~flag;
const within = (flag) => (flags) => flags | flag;
const more = (members) => (client) => ({ ...client, ...members });
const behind = (hex) => (bytes) => Buffer.concat([bytes, Buffer.from(hex, 'hex')]);
const statement = (...members) => (object) => object.set('attStmt', new Map(members));

// What a second opinion judges otherwise, and why.
const NO_CAP = 'it has no cap of its own on sizes';
const ANY_MAP = 'it takes CBOR that is not canonical';
const LENIENT_JSON = 'JSON.parse takes a name twice';
const NOT_ITS_PART = 'it leaves the comparison with the account to its caller';
const NOT_SEEN = 'it is handed the hash of the client data and nothing of the account';
const NO_CHECK = 'it does not check that';
const LOOKS_NO_FURTHER = 'it does not look behind the end of a CBOR item or ASN.1 sequence';

// [what, our verdict, the lie, { simple, fido2: why it accepts what we refuse; or that for an
// algorithm }]. These are of both ceremonies.
const SHARED = [
    ['as it should be', 'ok', {}],
    ['members of the future', 'ok', { client: more({ extraData: [1, null] }) }],
    ['a byte order mark', 'ok', { client: (client) => `\ufeff${JSON.stringify(client)}` }],
    ['extensions', 'ok', { extensions: cbor(new Map([['credProtect', 2]])) }],
    ['reserved flags', 'ok', { flags: within(0x22) }],
    ['client data that is too large', 'client-data-size',
        { client: more({ extraData: 'x'.repeat(5000) }) }, { simple: NO_CAP, fido2: NOT_SEEN }],
    ['no JSON', 'client-data-syntax', { client: () => 'type=webauthn.get' }, { fido2: NOT_SEEN }],
    ['a member twice', 'client-data-syntax',
        { client: (client) => JSON.stringify(client).replace('}', `,"origin":"${ORIGIN}"}`) },
        { simple: LENIENT_JSON, fido2: NOT_SEEN }],
    ['no origin', 'client-data-member', { client: more({ origin: undefined }) },
        { fido2: NOT_SEEN }],
    ['another type', 'type', { client: more({ type: 'payment.get' }) }, { fido2: NOT_SEEN }],
    ['another challenge', 'challenge', { client: more({ challenge: OTHER_CHALLENGE }) },
        { fido2: NOT_SEEN }],
    ['a challenge with padding', 'challenge', { client: more({ challenge: `${CHALLENGE}=` }) },
        { fido2: NOT_SEEN }],
    ['another origin', 'origin', { client: more({ origin: 'https://evil.example' }) },
        { fido2: NOT_SEEN }],
    ['another subdomain', 'origin', { client: more({ origin: 'https://x.market.example' }) },
        { fido2: NOT_SEEN }],
    ['another scheme', 'origin', { client: more({ origin: 'http://market.example' }) },
        { fido2: NOT_SEEN }],
    ['in a frame', 'cross-origin', { client: more({ crossOrigin: true }) },
        { simple: 'it takes frames whose page is not named', fido2: NOT_SEEN }],
    ['in a frame of a named page', 'cross-origin',
        { client: more({ crossOrigin: true, topOrigin: 'https://evil.example' }) },
        { simpleOfRegistration: NO_CHECK, fido2: NOT_SEEN }],
    ['a page is named', 'top-origin', { client: more({ topOrigin: 'https://evil.example' }) },
        { simpleOfRegistration: NO_CHECK, fido2: NOT_SEEN }],
    ['another relying party', 'rp-id', { rpId: 'evil.example' }],
    ['nobody there', 'user-presence', { flags: without(FLAGS.UP) }],
    ['nobody verified', 'user-verification', { flags: without(FLAGS.UV) }],
    ['backed up, and not eligible', 'backup-state', { flags: within(FLAGS.BS) },
        { fido2: NO_CHECK }],
    ['a byte behind', 'trailing-bytes', { data: behind('00') }, { fido2: NO_CHECK }],
    ['extensions that no flag announces', 'trailing-bytes', { data: behind('a0') },
        { fido2: NO_CHECK }],
    ['extensions that are announced and missing', 'extensions', { flags: within(FLAGS.ED) }],
    ['a list of extensions', 'extensions', { extensions: cbor(['x']) },
        { simple: NO_CHECK }],
    ['an extension twice', 'extensions', { extensions: Buffer.from('a2616101616102', 'hex') },
        {}],
    ['half of the data', 'authenticator-data-size', { data: (bytes) => bytes.subarray(0, 36) }],
];

const REGISTRATIONS = [
    ...SHARED,
    ['self attestation', 'ok', { self: true }],
    ['a log-in', 'type', { client: more({ type: 'webauthn.get' }) }],
    ['a byte behind the attestation', 'attestation-object',
        { attestation: (object) => behind('00')(cbor(object)) }, { simple: LOOKS_NO_FURTHER }],
    ['members in another order', 'attestation-object',
        { attestation: (object) => new Map([...object].reverse()) }, { simple: ANY_MAP }],
    ['another member', 'attestation-object',
        { attestation: (object) => object.set('zzzzzzzzz', 1) }, { simple: ANY_MAP }],
    ['no statement', 'attestation-object',
        { attestation: (object) => (object.delete('attStmt'), object) }],
    ['no credential', 'credential-missing', {
        flags: without(FLAGS.AT), data: (bytes) => bytes.subarray(0, 37),
    }],
    ['half of a key', 'authenticator-data', { data: (bytes) => bytes.subarray(0, -1) },
        { simple: 'it takes byte strings that end early' }],
    ['ES384', 'algorithm', { key: cbor(new Map([[1, 2], [3, -35]])) }],
    ['no algorithm', 'public-key', { key: cbor(new Map([[1, 2]])) }],
    ['a point that is not on the curve', 'public-key',
        { key: cbor(new Map([[1, 2], [3, -7], [-1, 1], [-2, Buffer.alloc(32)],
            [-3, Buffer.alloc(32)]])) },
        { simple: 'without attestation it does not look into the key until a log-in' }],
    ['a point of small order', 'public-key',
        { key: cbor(new Map([[1, 1], [3, -8], [-1, 6], [-2, Buffer.alloc(32)]])) },
        { simple: 'without attestation it does not look into the key until a log-in' }],
    ['an unknown attestation', 'attestation-format',
        { attestation: (object) => object.set('fmt', 'compound') }],
    ['none, with a statement', 'attestation-statement', { attestation: statement(['alg', -7]) }],
    ['self attestation without signature', 'attestation-statement', {
        self: true, attestation: statement(['alg', -7]),
    }],
    ['self attestation of another algorithm', 'attestation-statement', {
        self: true,
        attestation: (object) => (object.get('attStmt').set('alg', -35), object),
    }, { simple: { EdDSA: NO_CHECK } }],
    ['attestation with a certificate', 'attestation-certificate', {
        self: true,
        attestation: (object) => (object.get('attStmt').set('x5c', [Buffer.from('00', 'hex')]),
            object),
    }],
    ['self attestation of something else', 'attestation-signature', {
        self: true, signature: (bytes) => flipped(bytes, bytes.length * 8 - 1),
    }],
    ['an id that is too short', 'credential-id-size', { id: Buffer.alloc(15, 1) },
        { simple: NO_CHECK }],
    ['an id that is too long', 'credential-id-size', { id: Buffer.alloc(1024, 1) },
        { simple: NO_CHECK }],
    ['the longest id', 'ok', { id: Buffer.alloc(1023, 1) }],
];

// Further members: what is kept of the credential and the account.
const ASSERTIONS = [
    ...SHARED,
    ['a registration', 'type', { client: more({ type: 'webauthn.create' }) }, { fido2: NOT_SEEN }],
    ['another passkey', 'credential-id',
        { response: (answer) => ({ ...answer, id: USER, rawId: USER }) },
        { simple: NOT_ITS_PART, fido2: NOT_SEEN }],
    ['another account', 'user-handle',
        { response: (answer) => (answer.response.userHandle = CHALLENGE, answer) },
        { simple: NOT_ITS_PART, fido2: NOT_SEEN }],
    ['no account', 'ok',
        { response: (answer) => (delete answer.response.userHandle, answer) }],
    ['a credential', 'credential-unexpected', {
        flags: within(FLAGS.AT),
        data: behind('00'.repeat(16) + '0001' + 'aa' + 'a10102'),
    }, { simple: NO_CHECK, fido2: NO_CHECK }],
    ['that can be backed up', 'ok', { flags: within(FLAGS.BE) }, {}, { backupEligible: true }],
    ['that now can be backed up', 'backup-eligibility', { flags: within(FLAGS.BE) },
        { simple: NOT_ITS_PART, fido2: NOT_SEEN }],
    ['that no longer can be', 'backup-eligibility', {},
        { simple: NOT_ITS_PART, fido2: NOT_SEEN }, { backupEligible: true }],
    ['the next count', 'ok', { signCount: 8 }, {}, { signCount: 7 }],
    ['the same count', 'sign-count', { signCount: 7 }, { fido2: NOT_SEEN }, { signCount: 7 }],
    ['a lower count', 'sign-count', { signCount: 6 }, { fido2: NOT_SEEN }, { signCount: 7 }],
    ['no count any more', 'sign-count', { signCount: 0 }, { fido2: NOT_SEEN }, { signCount: 7 }],
    ['no signature', 'signature-size', { signature: () => Buffer.alloc(0) }],
    ['a long signature', 'signature-size', { signature: () => Buffer.alloc(513, 0x30) }],
    ['a byte behind the signature', 'signature', { signature: behind('00') },
        { simple: { ES256: LOOKS_NO_FURTHER } }],
    ['a signature with another tag', 'signature', { signature: (bytes) => flipped(bytes, 7) },
        { simple: { ES256: 'its ASN.1 parser overlooks the class of a tag' } }],
    ['zeros', 'signature', { signature: (bytes) => Buffer.alloc(bytes.length) }],
    ['other client data than was signed', 'signature', {
        response: (answer) => {
            const text = fromBase64url(answer.response.clientDataJSON).toString();
            answer.response.clientDataJSON = toBase64url(text.replace('}', ' }'));
            return answer;
        },
    }],
];

function flipped(bytes, bit) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] ^= 1 << (bit & 7);
    return changed;
}

// One bit of what was signed, or of the signature; SHARE (0 to 1) says where. The head of an ES256
// signature is left alone, because it has cases of its own.
function flip(answer, name, share) {
    const bytes = fromBase64url(answer.response[name]);
    const bit = 16 + Math.floor(share * (bytes.length * 8 - 16));
    return { ...answer,
        response: { ...answer.response, [name]: toBase64url(flipped(bytes, bit)) } };
}

function judge(lines) {
    const input = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const result = spawnSync(JUDGE, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
    assert.equal(result.status, 0, result.stderr);
    return result.stdout.trimEnd().split('\n');
}

const expectation = { rpId: RP_ID, origins: [ORIGIN], challenge: CHALLENGE };

function ourLineOfRegistration({ response }) {
    return { ...expectation, clientData: response.clientDataJSON,
        attestationObject: response.attestationObject };
}

function ourLineOfAssertion({ rawId, response }, credential) {
    return { ...expectation,
        clientData: response.clientDataJSON,
        authenticatorData: response.authenticatorData,
        signature: response.signature,
        givenId: rawId,
        givenHandle: response.userHandle ?? null,
        userHandle: USER,
        credentialId: toBase64url(credential.id),
        publicKey: toBase64url(credential.key.cose),
        signCount: credential.keptCount ?? 0,
        backupEligible: credential.keptEligible ?? false };
}

const simpleExpectation = {
    expectedChallenge: CHALLENGE, expectedOrigin: [ORIGIN], expectedRPID: RP_ID,
    requireUserVerification: true,
};

async function verified(promise) {
    try {
        return (await promise).verified;
    } catch {
        return false;
    }
}

function libfido2Accepts(folder, { response }, { key }) {
    const pem = path.join(folder, 'key.pem');
    writeFileSync(pem, key.publicKey.export({ type: 'spki', format: 'pem' }));
    const input = [
        sha256(fromBase64url(response.clientDataJSON)).toString('base64'),
        RP_ID,
        cbor(fromBase64url(response.authenticatorData)).toString('base64'),
        fromBase64url(response.signature).toString('base64'),
        '',
    ].join('\n');
    const type = { ES256: 'es256', EdDSA: 'eddsa', RS256: 'rs256' }[key.algorithm];
    return spawnSync('fido2-assert', ['-V', '-p', '-v', pem, type], { input }).status === 0;
}

// EXPLAINED: why they accept what we refuse. An explanation that is no longer needed is a failure.
function disagreement(what, algorithm, ours, theirs, explanation) {
    const accepted = ours.startsWith('ok');
    const explained = typeof explanation === 'object' ? explanation[algorithm] : explanation;
    if (!accepted && explained) return theirs ? [] : [`${what}: no longer so: ${explained}`];
    return theirs === accepted ? []
        : [`${what}: we say ${ours}, they ${theirs ? 'accept' : 'refuse'}`];
}

async function loadSimple() {
    try {
        return await import('@simplewebauthn/server');
    } catch (error) {
        return { missing: `@simplewebauthn/server cannot be loaded (${error.message})` };
    }
}

const simple = await loadSimple();
const fido2 = spawnSync('fido2-assert', ['-V', '/nonexistent']).error
    ? 'there is no fido2-assert (Debian: fido2-tools)' : null;

describe('passkeys are judged as others judge them', () => {
    let folder;
    const creation = { challenge: CHALLENGE, rp: { id: RP_ID }, user: { id: USER } };
    const request = { challenge: CHALLENGE, rpId: RP_ID };

    before(() => {
        assert.ok(existsSync(JUDGE), `${JUDGE} is missing: build it, or set WEBAUTHN_JUDGE`);
        folder = temporaryFolder();
    });

    for (const algorithm of ALGORITHMS) {
        const first = new Authenticator({ origin: ORIGIN, algorithm });
        const [{ key }] = (first.create(creation), first.credentials);
        const make = () => new Authenticator({ origin: ORIGIN, algorithm, key });

        test(`${algorithm}: registrations`, async (t) => {
            if (simple.missing) t.diagnostic(`without a second opinion: ${simple.missing}`);
            const answers = REGISTRATIONS.map(([, , lie]) => make().create(creation, lie));
            const verdicts = judge(answers.map(ourLineOfRegistration));
            const found = [];
            for (const [i, [what, wanted, , others = {}]] of REGISTRATIONS.entries()) {
                assert.equal(verdicts[i].split(' ')[0], wanted, what);
                if (simple.missing) continue;
                const theirs = await verified(simple.verifyRegistrationResponse(
                    { ...simpleExpectation, response: answers[i] }));
                found.push(...disagreement(`@simplewebauthn/server, ${what}`, algorithm,
                    verdicts[i], theirs, others.simpleOfRegistration ?? others.simple));
            }
            assert.deepEqual(found, []);
        });

        test(`${algorithm}: what is kept of a registration`, async (t) => {
            if (simple.missing) return t.skip(simple.missing);
            const authenticator = new Authenticator({ origin: ORIGIN, algorithm, backedUp: true });
            const answer = authenticator.create(creation, { signCount: 41 });
            const [, id, key, count, eligible, backedUp] =
                judge([ourLineOfRegistration(answer)])[0].split(' ');
            const { registrationInfo: theirs } = await simple.verifyRegistrationResponse(
                { ...simpleExpectation, response: answer });
            assert.equal(id, theirs.credential.id);
            assert.equal(key, toBase64url(theirs.credential.publicKey));
            assert.equal(Number(count), theirs.credential.counter);
            assert.equal(eligible === '1', theirs.credentialDeviceType === 'multiDevice');
            assert.equal(backedUp === '1', theirs.credentialBackedUp);
        });

        // ANSWERS with what is kept of their credential: our verdict, then that of the others.
        async function judgeAssertions(cases) {
            const verdicts = judge(cases.map(({ answer, credential }) =>
                ourLineOfAssertion(answer, credential)));
            const found = [];
            for (const [i, { what, wanted, answer, credential, others = {} }] of cases.entries()) {
                const ours = verdicts[i];
                if (wanted) assert.equal(ours, wanted, what);
                else assert.notEqual(ours, 'ok', what);
                if (!fido2) {
                    found.push(...disagreement(`fido2-assert, ${what}`, algorithm, ours,
                        libfido2Accepts(folder, answer, credential), others.fido2));
                }
                if (simple.missing) continue;
                const theirs = await verified(simple.verifyAuthenticationResponse({
                    ...simpleExpectation,
                    response: answer,
                    credential: {
                        id: toBase64url(credential.id),
                        publicKey: new Uint8Array(credential.key.cose),
                        counter: credential.keptCount ?? 0,
                    },
                }));
                found.push(...disagreement(`@simplewebauthn/server, ${what}`, algorithm, ours,
                    theirs, others.simple));
            }
            assert.deepEqual(found, []);
        }

        test(`${algorithm}: assertions`, async (t) => {
            for (const missing of [simple.missing, fido2].filter(Boolean)) {
                t.diagnostic(`without a second opinion: ${missing}`);
            }
            await judgeAssertions(ASSERTIONS.map(([what, wanted, lie, others, kept = {}]) => {
                const authenticator = make();
                authenticator.create(creation);
                const credential = authenticator.credentials[0];
                credential.keptCount = kept.signCount;
                credential.keptEligible = kept.backupEligible;
                const answer = authenticator.get(request, lie);
                return { what, wanted, others, credential, answer };
            }));
        });

        test(`${algorithm}: another's key, and ${FLIPS} flipped bits`, async () => {
            const authenticator = make();
            const other = new Authenticator({ origin: ORIGIN, algorithm });
            authenticator.create(creation);
            other.create(creation);
            const [credential] = authenticator.credentials;
            const answer = authenticator.get(request);
            const parts = ['authenticatorData', 'signature', 'clientDataJSON'];
            await judgeAssertions([
                { what: 'another key', wanted: 'signature', credential,
                    answer: authenticator.get(request, { signer: other.credentials[0].key }) },
                ...Array.from({ length: FLIPS }, (_, i) => ({
                    what: `a bit of ${parts[i % 3]}`, credential,
                    answer: flip(answer, parts[i % 3], i / FLIPS),
                })),
            ]);
        });
    }
});
