// A second verifier of evidence bundles, from the description of their format.

import assert from 'node:assert/strict';

import { inclusionRoot, leafHash, parseCheckpoint, parseKey, sha256, signedBy } from './tlog.mjs';

// RFC 8785: JSON.stringify writes numbers and strings that way; names are sorted here.
export function canonical(value) {
    if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
    if (value === null || typeof value !== 'object') return JSON.stringify(value);
    const members = Object.keys(value).sort()
        .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
    return `{${members.join(',')}}`;
}

function parseProof(text) {
    const end = text.indexOf('\n\n');
    const [first, index, ...hashes] = text.slice(0, end).split('\n');
    assert.equal(first, 'c2sp.org/tlog-proof@v1');
    return {
        index: Number(/^index (0|[1-9]\d*)$/.exec(index)[1]),
        hashes: hashes.map((hash) => Buffer.from(hash, 'base64')),
        checkpoint: text.slice(end + 2),
    };
}

// Throws unless all of BUNDLE (text) is proved by the log of VKEY; returns it parsed, each act with
// its log index. WITNESSES (vkeys) must all have cosigned.
export function checkBundle(text, vkey, witnesses = []) {
    const bundle = JSON.parse(text);
    assert.equal(canonical(bundle), text.replace(/\n$/, ''), 'a bundle is canonical JSON');
    const key = parseKey(vkey);
    let checkpoint = null;
    for (const act of [...bundle.acts, ...bundle.registrations ?? []]) {
        const proof = parseProof(act.proof);
        if (checkpoint === null) {
            checkpoint = proof.checkpoint;
            act.checkpoint = parseCheckpoint(Buffer.from(checkpoint), key);
        }
        assert.equal(proof.checkpoint, checkpoint, 'all proofs carry one checkpoint');
        const { size, root } = bundle.acts[0].checkpoint;
        const entry = sha256(Buffer.from(act.salt, 'base64'), canonical(act.record));
        const reached = inclusionRoot(leafHash(entry), proof.index, size, proof.hashes);
        assert.ok(reached?.equals(root), `${act.record.id} is not in the log`);
        act.index = proof.index;
    }
    assert.ok(checkpoint !== null, 'a bundle has acts');
    for (const witness of witnesses) {
        assert.ok(signedBy(bundle.acts[0].checkpoint.note, parseKey(witness)), 'a cosignature');
    }
    bundle.checkpoint = bundle.acts[0].checkpoint;
    return bundle;
}

// TEXT with one character changed into another of its kind, so that the change is a plausible one.
export function changedAt(text, at) {
    const kind = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
        .find((characters) => characters.includes(text[at]));
    const instead = kind ? kind[(kind.indexOf(text[at]) + 1) % kind.length]
        : text[at] === '+' ? '/' : '+';
    return text.slice(0, at) + instead + text.slice(at + 1);
}
