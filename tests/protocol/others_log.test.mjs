// The walker itself: it accepts a log that another implementation wrote, finds each change in it.
// The program's path is in LOGWALK, the log below COUNTERFOIL_DATA; skipped where either is absent.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

const folder = path.join(process.env.COUNTERFOIL_DATA || '../shared/data', 'tlog/log');
const key = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx';
const walker = process.env.LOGWALK;
const missing = [walker && existsSync(walker) ? '' : 'LOGWALK', existsSync(folder) ? '' : folder];
const skip = missing.some(Boolean) && `absent: ${missing.filter(Boolean).join(', ')}`;

// What the server sends instead of a file's bytes: path → function of the bytes.
let changes = new Map();
let prefix;

const server = createServer((request, response) => {
  const name = request.url.slice(1);
  const file = path.join(folder, name);
  if (!existsSync(file)) return response.writeHead(404).end();
  const change = changes.get(name);
  const bytes = readFileSync(file);
  response.end(change ? change(bytes) : bytes);
});

async function walk(...options) {
  try {
    const { stdout } = await promisify(execFile)(walker, [...options, prefix, key]);
    return { status: 0, says: stdout };
  } catch (error) {
    return { status: error.code, says: error.stderr };
  }
}

function flip(at) {
  return bytes => {
    const changed = Buffer.from(bytes);
    changed[at < 0 ? changed.length + at : at] ^= 1;
    return changed;
  };
}

describe('logwalk', { skip }, () => {
  before(async () => {
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    prefix = `http://127.0.0.1:${server.address().port}`;
  });
  after(() => server.close());

  test('counts the entries of a good log', async () => {
    changes = new Map();
    assert.deepEqual(await walk(), { status: 0, says: '15 entries\n' });
  });

  for (const size of [0, 1, 8, 14, 15])
    test(`finds the log consistent with its checkpoint of size ${size}`, async () => {
      changes = new Map();
      const old = path.join(folder, `checkpoint.${size}`);
      assert.deepEqual(await walk('-old', old), { status: 0, says: '15 entries\n' });
    });

  test('finds a log that shrank', async () => {
    changes = new Map([['checkpoint', () => readFileSync(path.join(folder, 'checkpoint.9'))]]);
    const { status, says } = await walk('-old', path.join(folder, 'checkpoint.15'));
    assert.equal(status, 1);
    assert.match(says, /shrank from 15 to 9/);
  });

  const bent = [
    ['the signature', 'checkpoint', flip(-8), /checkpoint/],
    ['the root', 'checkpoint', flip(30), /checkpoint/],
    ['a tile', 'tile/0/000.p/15', flip(100), /inconsistent tile/],
    ['a tile that is too short', 'tile/0/000.p/15', bytes => bytes.subarray(32), /bytes/],
    ['an entry', 'tile/entries/000.p/15', flip(2), /entry 0 does not fit/],
    ['the last entry', 'tile/entries/000.p/15', flip(-1), /entry 14 does not fit/],
    ['a bundle that is too long', 'tile/entries/000.p/15',
      bytes => Buffer.concat([bytes, Buffer.alloc(1)]), /too long/],
    ['a bundle that is too short', 'tile/entries/000.p/15',
      bytes => bytes.subarray(0, -1), /cut short/],
  ];
  for (const [what, name, change, says] of bent)
    test(`finds a change in ${what}`, async () => {
      changes = new Map([[name, change]]);
      const result = await walk();
      assert.equal(result.status, 1);
      assert.match(result.says, says);
    });
});
