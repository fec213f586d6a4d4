// A small second implementation of what the log promises, from the specifications and with nothing
// of the server's: RFC 6962 trees, tlog-tiles, signed notes, cosignatures.

import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

export const sha256 = (...parts) => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest();
};
export const leafHash = (entry) => sha256(Buffer.of(0), entry);
export const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

// The largest power of two below N.
function split(n) {
    let power = 1;
    while (power * 2 < n) power *= 2;
    return power;
}

export function treeRoot(leaves) {
    if (leaves.length === 0) return sha256('');
    return rootsAt(leaves, [leaves.length]).get(leaves.length);
}

// The roots of the trees over the first n leaves, for each n of SIZES (ascending or not).
export function rootsAt(leaves, sizes) {
    const wanted = new Set(sizes);
    const roots = new Map();
    if (wanted.has(0)) roots.set(0, sha256(''));
    const edge = [];
    leaves.forEach((leaf, index) => {
        let node = leaf;
        let count = index + 1;
        for (; count % 2 === 0; count /= 2) node = nodeHash(edge.pop(), node);
        edge.push(node);
        if (wanted.has(index + 1)) {
            roots.set(index + 1, edge.reduceRight((right, left) => nodeHash(left, right)));
        }
    });
    return roots;
}

// RFC 6962 2.1.2.
export function consistencyProof(oldSize, leaves) {
    const subproof = (m, from, to, whole) => {
        const n = to - from;
        if (m === n) return whole ? [] : [treeRoot(leaves.slice(from, to))];
        const k = split(n);
        if (m <= k) {
            return [...subproof(m, from, from + k, whole), treeRoot(leaves.slice(from + k, to))];
        }
        return [...subproof(m - k, from + k, to, false), treeRoot(leaves.slice(from, from + k))];
    };
    return oldSize === 0 ? [] : subproof(oldSize, 0, leaves.length, true);
}

// RFC 9162 2.1.3.2: the root that an inclusion proof leads to, or null if it cannot fit.
export function inclusionRoot(leaf, index, size, proof) {
    if (index >= size) return null;
    let fn = index;
    let sn = size - 1;
    let node = leaf;
    for (const hash of proof) {
        if (sn === 0) return null;
        if (fn % 2 === 1 || fn === sn) {
            node = nodeHash(hash, node);
            while (fn % 2 === 0 && fn !== 0) {
                fn = Math.floor(fn / 2);
                sn = Math.floor(sn / 2);
            }
        } else {
            node = nodeHash(node, hash);
        }
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
    }
    return sn === 0 ? node : null;
}

const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const ED25519 = 0x01;
const COSIGNATURE = 0x04;

const keyId = (name, type, key) =>
    sha256(Buffer.from(`${name}\n`), Buffer.of(type), key).subarray(0, 4);

// A verifier key, `name+id+base64(type, key)`.
export function parseKey(vkey) {
    const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(vkey) ?? [];
    if (name === undefined) throw new Error(`not a verifier key: ${vkey}`);
    const bytes = Buffer.from(encoded, 'base64');
    const key = bytes.subarray(1);
    if (!keyId(name, bytes[0], key).equals(Buffer.from(id, 'hex'))) {
        throw new Error(`the id of ${vkey} is not its key's`);
    }
    const object = createPublicKey({
        key: Buffer.concat([ED25519_SPKI, key]), format: 'der', type: 'spki',
    });
    return { name, id: Buffer.from(id, 'hex'), type: bytes[0], object };
}

// A note: its text, and its signature lines as {name, id, bytes}.
export function parseNote(note) {
    const end = note.lastIndexOf('\n\n');
    if (end < 0 || !note.endsWith('\n')) throw new Error(`not a signed note:\n${note}`);
    const signatures = note.slice(end + 2, -1).split('\n').map((line) => {
        const [, name, encoded] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
        if (name === undefined) throw new Error(`not a signature line: ${line}`);
        const bytes = Buffer.from(encoded, 'base64');
        return { name, id: bytes.subarray(0, 4), bytes: bytes.subarray(4), line };
    });
    return { text: note.slice(0, end + 1), signatures };
}

const cosigned = (time, text) => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);

// True if KEY signed NOTE; throws if its signature is bad.
export function signedBy(note, key) {
    const signature = note.signatures.find(({ name, id }) =>
        name === key.name && id.equals(key.id));
    if (signature === undefined) return false;
    let message = Buffer.from(note.text);
    let bytes = signature.bytes;
    if (key.type === COSIGNATURE) {
        message = cosigned(bytes.readBigUInt64BE(0), note.text);
        bytes = bytes.subarray(8);
    }
    if (!verify(null, message, key.object, bytes)) throw new Error(`${key.name}: bad signature`);
    return true;
}

// A checkpoint that KEY has signed.
export function parseCheckpoint(bytes, key) {
    const note = parseNote(bytes.toString('utf8'));
    if (key && !signedBy(note, key)) throw new Error('the log did not sign its checkpoint');
    const [origin, size, root] = note.text.split('\n');
    if (!/^(0|[1-9]\d*)$/.test(size)) throw new Error(`not a size: ${size}`);
    return { origin, size: Number(size), root: Buffer.from(root, 'base64'), note, text: note.text };
}

// A log of our own, to try witnesses with.
export class Log {
    constructor(origin, seed, type = ED25519) {
        this.origin = origin;
        this.private = createPrivateKey({
            key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8',
        });
        const key = createPublicKey(this.private)
            .export({ format: 'der', type: 'spki' }).subarray(ED25519_SPKI.length);
        this.id = keyId(origin, type, key);
        this.vkey = `${origin}+${this.id.toString('hex')}+` +
            Buffer.concat([Buffer.of(type), key]).toString('base64');
        this.leaves = [];
    }

    grow(count, label = 'entry') {
        for (let i = 0; i < count; i++) {
            this.leaves.push(leafHash(Buffer.from(`${label} ${this.leaves.length}`)));
        }
    }

    checkpoint({ size = this.leaves.length, root, origin = this.origin } = {}) {
        const hash = root ?? treeRoot(this.leaves.slice(0, size));
        const text = `${origin}\n${size}\n${hash.toString('base64')}\n`;
        const signature = sign(null, Buffer.from(text), this.private);
        const line = Buffer.concat([this.id, signature]).toString('base64');
        return `${text}\n\u2014 ${this.origin} ${line}\n`;
    }

    proof(oldSize, size = this.leaves.length) {
        return consistencyProof(oldSize, this.leaves.slice(0, size));
    }
}

export function tilePath(level, index, width) {
    let name = String(index % 1000).padStart(3, '0');
    for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
        name = `x${String(rest % 1000).padStart(3, '0')}/${name}`;
    }
    return `/log/tile/${level}/${name}${width === 256 ? '' : `.p/${width}`}`;
}

// The leaf hashes of the first SIZE entries from the tiles of level 0, read by GET(path) → bytes.
export async function readLeaves(get, size) {
    const leaves = [];
    for (let tile = 0; leaves.length < size; tile++) {
        const width = Math.min(256, size - tile * 256);
        const bytes = await get(tilePath(0, tile, width));
        if (bytes.length !== width * 32) throw new Error(`tile ${tile}: ${bytes.length} bytes`);
        for (let at = 0; at < bytes.length; at += 32) leaves.push(bytes.subarray(at, at + 32));
    }
    return leaves;
}

// The entries of one bundle.
export function parseBundle(bytes) {
    const entries = [];
    for (let at = 0; at < bytes.length; ) {
        const length = bytes.readUInt16BE(at);
        entries.push(bytes.subarray(at + 2, at + 2 + length));
        at += 2 + length;
        if (at > bytes.length) throw new Error('an entry bundle is cut short');
    }
    return entries;
}
