// The HTTP boundary over raw sockets: every malformed request, cut at every place, is answered
// with an error, the connection ends, and nothing behind it is executed. Also: slow clients, many
// idle ones, pipelining, event streams, stopping.
//
//     HTTP_ECHO=build/tests/unit/http_echo node --test tests/protocol/raw_http.mjs

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const PROGRAM = process.env.HTTP_ECHO ?? 'build/tests/unit/http_echo';
const HEAD_MS = 1500;
const BODY_MS = 2500;
const AT_ONCE = 48;
const CANARY = 'GET /canary HTTP/1.1\r\nHost: a\r\n\r\n';
const GET = 'GET /echo HTTP/1.1\r\n';
const POST = 'POST /echo HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = POST + 'Transfer-Encoding: chunked\r\n\r\n';

// Each is answered 400, whatever follows.
const MALFORMED = {
  'two different Content-Length': POST + 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
  'two equal Content-Length': POST + 'Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello',
  'Content-Length and chunked':
    POST + 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'chunked and Content-Length':
    POST + 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
  'two Transfer-Encoding':
    POST + 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
  'space before the colon': POST + 'Content-Length : 5\r\n\r\nhello',
  'unknown Transfer-Encoding': POST + 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'two codings': POST + 'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'chunked in 1.0': 'POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'signed Content-Length': POST + 'Content-Length: +5\r\n\r\nhello',
  'list of Content-Length': POST + 'Content-Length: 5, 5\r\n\r\nhello',
  'NUL in a value': GET + 'Host: a\r\nA: b\0c\r\n\r\n',
  'NUL in Transfer-Encoding': POST + 'Transfer-Encoding: chunked\0x\r\n\r\n0\r\n\r\n',
  'bare CR in a value': GET + 'Host: a\r\nA: b\rc\r\n\r\n',
  'bare LF in the head': GET + 'Host: a\nA: b\r\n\r\n',
  'bare LF behind the request line': 'GET /echo HTTP/1.1\nHost: a\r\n\r\n',
  'bare LF ends the head': GET + 'Host: a\r\n\n',
  'no Host': GET + '\r\n',
  'two Hosts': GET + 'Host: a\r\nHost: a\r\n\r\n',
  'Host that is none': GET + 'Host: a/b\r\n\r\n',
  'chunk size 0x5': CHUNKED + '0x5\r\nhello\r\n0\r\n\r\n',
  'space before a chunk size': CHUNKED + ' 5\r\nhello\r\n0\r\n\r\n',
  'chunk extension': CHUNKED + '5;a=b\r\nhello\r\n0\r\n\r\n',
  'bare LF behind a chunk size': CHUNKED + '5\nhello\r\n0\r\n\r\n',
  'bare LF behind a chunk': CHUNKED + '5\r\nhello\n0\r\n\r\n',
  'bare LF behind the last chunk': CHUNKED + '5\r\nhello\r\n0\n\r\n',
  'chunk longer than said': CHUNKED + '5\r\nhello!\r\n0\r\n\r\n',
  'huge chunk size': CHUNKED + 'ffffffffffffffff5\r\nhello\r\n0\r\n\r\n',
  trailer: CHUNKED + '0\r\nContent-Length: 5\r\n\r\n',
  'folded field': GET + 'Host: a\r\nA: b\r\n c\r\n\r\n',
  'name that is no token': GET + 'Host: a\r\nA(b): c\r\n\r\n',
  'field without colon': GET + 'Host: a\r\nA\r\n\r\n',
  'control byte in the method': 'G\x01T /echo HTTP/1.1\r\nHost: a\r\n\r\n',
  'control byte in the target': 'GET /echo\x01 HTTP/1.1\r\nHost: a\r\n\r\n',
  'NUL in the target': 'GET /echo\0 HTTP/1.1\r\nHost: a\r\n\r\n',
  'space in the target': 'GET /echo a HTTP/1.1\r\nHost: a\r\n\r\n',
  'encoded NUL': 'GET /echo%00 HTTP/1.1\r\nHost: a\r\n\r\n',
  'absolute form': 'GET http://a/echo HTTP/1.1\r\nHost: a\r\n\r\n',
  'asterisk form': 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/0.9': 'GET /echo\r\n',
  'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'empty line first': '\r\n' + GET + 'Host: a\r\n\r\n',
  TLS: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
};

// [message, status]: what is over a limit.
const TOO_LARGE = {
  target: ['GET /' + 'a'.repeat(20000) + ' HTTP/1.1\r\nHost: a\r\n\r\n', 414],
  'field of 64 KiB': [GET + 'Host: a\r\nA: ' + 'a'.repeat(65536) + '\r\n\r\n', 431],
  '5,000 fields': [GET + 'Host: a\r\n' + 'A: b\r\n'.repeat(5000) + '\r\n', 431],
  '200 short fields': [GET + 'Host: a\r\n' + 'A: b\r\n'.repeat(200) + '\r\n', 431],
  'Content-Length': [POST + 'Content-Length: 1000001\r\n\r\n', 413],
  'Content-Length of 23 digits': [POST + 'Content-Length: ' + '9'.repeat(23) + '\r\n\r\n', 413],
  'body of 10 MB': [POST + 'Content-Length: 10000000\r\n\r\n' + 'a'.repeat(10000000), 413],
  chunk: [CHUNKED + 'f4241\r\n', 413],
  chunks: [CHUNKED + ('186a0\r\n' + 'a'.repeat(100000) + '\r\n').repeat(11), 413],
};

let server;

async function start({ address = '127.0.0.1:0', idleMs = 30000 } = {}) {
  const child = spawn(PROGRAM, [address, HEAD_MS, BODY_MS, idleMs].map(String), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const output = [];
  child.stdout.setEncoding('utf8').on('data', (text) => output.push(text));
  while (!output.join('').includes('\n')) await once(child.stdout, 'data');
  const stop = async () => {
    child.stdin.end();
    const [code, signal] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
    assert.deepEqual([code, signal ?? null], [0, null], 'the server stops cleanly');
    return output.join('');
  };
  return { child, port: Number(output.join('')), stop };
}

// Sends PIECES one after another on a connection; gives what came back, once the server has ended
// the connection or ENOUGH says so.
async function exchange(pieces, { enough = () => false, port = server.port, limitMs = 8000 } = {}) {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  let text = '';
  let closed = false;
  const done = new Promise((resolve) => {
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      text += data;
      if (enough(text)) resolve();
    });
    socket.on('end', () => {
      closed = true;
      resolve();
    });
    socket.on('error', resolve);
    socket.on('close', resolve);
  });
  await once(socket, 'connect');
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await sleep(2);
    if (!socket.writable) break;
    await new Promise((resolve) => socket.write(Buffer.from(piece, 'latin1'), resolve));
  }
  const timer = setTimeout(() => socket.destroy(), limitMs);
  await done;
  clearTimeout(timer);
  socket.destroy();
  return { text, closed };
}

const statuses = (text) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((found) => Number(found[1]));
const answers = (count) => (text) =>
  statuses(text).filter((status) => status >= 200).length >= count;

async function count(port = server.port) {
  const { text } = await exchange(['GET /count HTTP/1.0\r\n\r\n'], { port });
  const [, canaries, gone] = text.match(/canaries=(\d+) gone=(\d+)/);
  return { canaries: Number(canaries), gone: Number(gone) };
}

// Runs the jobs, AT_ONCE at a time.
async function all(jobs) {
  const left = jobs.values();
  const work = async () => {
    for (const job of left) await job();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function expectRefusal({ text, closed }, expected, what) {
  assert.deepEqual(statuses(text), expected, `${what}: ${JSON.stringify(text.slice(0, 200))}`);
  assert.ok(closed, `${what}: the connection ends`);
  const problem = JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n') + 4));
  assert.equal(problem.status, expected.at(-1), what);
  assert.match(text, /Content-Type: application\/problem\+json\r\n/, what);
}

before(async () => {
  assert.ok(existsSync(PROGRAM), `${PROGRAM} is missing: build it, or set HTTP_ECHO`);
  server = await start();
});

after(async () => {
  await server.stop();
});

test('malformed requests, cut at every place', async () => {
  const jobs = [];
  for (const [name, message] of Object.entries(MALFORMED)) {
    const bytes = message + CANARY;
    for (let cut = 0; cut < bytes.length; cut++) {
      const pieces = cut === 0 ? [bytes] : [bytes.slice(0, cut), bytes.slice(cut)];
      jobs.push(async () => expectRefusal(await exchange(pieces), [400], `${name}, cut at ${cut}`));
    }
  }
  await all(jobs);
  assert.equal((await count()).canaries, 0, 'no canary was executed');
});

test('as many busy connections as a worker takes events at once', async () => {
  // 254 to 258 over two workers: some round hands a worker exactly what epoll gives at once.
  const sockets = [];
  for (let i = 0; i < 258; i++) {
    const socket = net.connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    sockets.push(socket);
  }
  const answered = (socket) =>
    new Promise((resolve, reject) => {
      const failed = () => reject(new Error('a request was not answered'));
      const timer = globalThis.setTimeout(failed, 20_000);
      socket.once('close', failed);
      socket.once('data', () => {
        clearTimeout(timer);
        socket.off('close', failed);
        resolve();
      });
    });
  for (let round = 0; round < 60; round++) {
    const busy = sockets.slice(0, 254 + (round % 5));
    const answers = busy.map(answered);
    for (const socket of busy) socket.write(GET + 'Host: a\r\n\r\n');
    await Promise.all(answers);
  }
  for (const socket of sockets) socket.destroy();
});

test('malformed requests behind good ones', async () => {
  const good = POST + 'Content-Length: 5\r\n\r\nhello';
  const later = 'GET /later HTTP/1.1\r\nHost: a\r\n\r\n';
  const jobs = [];
  for (const [name, message] of Object.entries(MALFORMED))
    for (const first of [good, later, later + good])
      for (const cut of [0, 5, first.length - 3, first.length, first.length + 3]) {
        const bytes = first + message + CANARY;
        const pieces = cut === 0 ? [bytes] : [bytes.slice(0, cut), bytes.slice(cut)];
        const expected = [...(first === later + good ? [200, 200] : [200]), 400];
        jobs.push(async () =>
          expectRefusal(await exchange(pieces), expected, `${name} behind, ${cut}`),
        );
      }
  await all(jobs);
  assert.equal((await count()).canaries, 0, 'no canary was executed');
});

for (const [name, [message, status]] of Object.entries(TOO_LARGE))
  test(`too large: ${name}`, async () => {
    expectRefusal(await exchange([message]), [status], name);
  });

test('a good request, cut at every place', async () => {
  const jobs = [];
  const chunks = CHUNKED + '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n';
  for (const cut of Array(chunks.length - 1).keys())
    jobs.push(async () => {
      const { text } = await exchange([chunks.slice(0, cut + 1), chunks.slice(cut + 1)], {
        enough: (t) => t.includes('world'),
      });
      assert.match(text, /POST \/echo 11 \[\] 127\.0\.0\.1\nhello world$/);
    });
  await all(jobs);
});

test('what is just within the limits is served', async () => {
  const fields = Array.from(
    { length: 98 },
    (_, index) => `Field-${index}: ${'a'.repeat(150)}\r\n`,
  ).join('');
  const head = POST + fields + 'Content-Length: 1000000\r\n\r\n';
  assert.ok(head.length > 15000 && head.length < 16384);
  const { text } = await exchange([head, 'a'.repeat(1000000)], {
    enough: (t) => t.length > 1000000,
  });
  assert.match(text, /POST \/echo 1000000 /);
  const long = `GET /echo/${'a'.repeat(16300)} HTTP/1.1\r\nHost: a\r\n\r\n`;
  assert.deepEqual(statuses((await exchange([long], { enough: answers(1) })).text), [200]);
});

test('a client that has closed its side gets its answers', async () => {
  const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  socket.setEncoding('latin1').on('data', (data) => (text += data));
  socket.end('GET /later HTTP/1.1\r\nHost: a\r\n\r\n' + GET + 'Host: a\r\n\r\n');
  await once(socket, 'end');
  assert.deepEqual(statuses(text), [200, 200]);
});

test('pipelined requests are answered in order', async () => {
  const requests = Array.from({ length: 60 }, (_, index) => {
    const target = index % 3 === 0 ? '/later' : '/echo';
    const fields = `Host: a\r\nContent-Length: 6\r\nX-Echo: ${index}\r\n`;
    return `POST ${target} HTTP/1.1\r\n${fields}\r\nbody${(index % 90) + 10}`;
  });
  const { text } = await exchange([requests.join('')], { enough: answers(60) });
  assert.deepEqual(
    [...text.matchAll(/\[(\d+)\]/g)].map((found) => Number(found[1])),
    [...requests.keys()],
  );
});

test('more requests ahead than the limit are refused', async () => {
  const { text, closed } = await exchange([(GET + 'Host: a\r\n\r\n').repeat(200)]);
  assert.ok(statuses(text).length < 200);
  assert.equal(statuses(text).at(-1), 400);
  assert.ok(closed);
});

test('HTTP/1.0 needs no Host and ends; close ends; nothing behind is executed', async () => {
  for (const bytes of [
    'GET /echo HTTP/1.0\r\n\r\n' + CANARY,
    GET + 'Host: a\r\nConnection: close\r\n\r\n' + CANARY,
  ]) {
    const { text, closed } = await exchange([bytes]);
    assert.deepEqual(statuses(text), [200]);
    assert.ok(closed);
  }
  assert.equal((await count()).canaries, 0);
});

test('half a request and a closed connection: nothing is executed', async () => {
  const socket = net.connect(server.port, '127.0.0.1');
  socket.end('POST /canary HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
  await once(socket.resume(), 'close');
  assert.equal((await count()).canaries, 0);
});

test('targets that have two readings are refused, the connection goes on', async () => {
  const bad = [
    '/echo/../a',
    '/echo/%2e%2E/a',
    '/a%2fb',
    '/a%0ab',
    '/%ff',
    '/echo?a=1&a=2',
    '/echo?a=%ff',
  ];
  const bytes =
    bad.map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).join('') +
    GET +
    'Host: a\r\n\r\n';
  const { text } = await exchange([bytes], { enough: answers(bad.length + 1) });
  assert.deepEqual(statuses(text), [...bad.map(() => 400), 200]);
});

test('paths, queries and repeated fields are decoded', async () => {
  const bytes =
    'GET /echo/%D0%BF%41?a=1%262&b=x+y%2B&c HTTP/1.1\r\nHost: a\r\nX-Echo: 1\r\nx-echo: 2\r\n\r\n';
  const { text } = await exchange([bytes], { enough: (t) => t.includes('\nc=') });
  assert.match(
    Buffer.from(text, 'latin1').toString(),
    /GET \/echo\/пA 0 \[1, 2\] 127\.0\.0\.1\na=1&2\nb=x y\+\nc=\n/,
  );
});

test('HEAD is GET without the body', async () => {
  const request = (method) => `${method} /html HTTP/1.1\r\nHost: a\r\n\r\n`;
  const { text } = await exchange([request('HEAD') + request('HEAD')], { enough: answers(2) });
  assert.deepEqual(statuses(text), [200, 200]);
  assert.match(text, /Content-Length: 34\r\n/);
  assert.ok(!text.includes('<!doctype'));
});

test('Expect: 100-continue', async () => {
  const head = POST + 'Content-Length: 5\r\nExpect: 100-continue\r\n\r\n';
  const { text } = await exchange([head, 'hello'], { enough: (t) => t.includes('\nhello') });
  assert.deepEqual(statuses(text), [100, 200]);
});

test('security fields', async () => {
  const { text } = await exchange(['GET /html HTTP/1.0\r\n\r\n']);
  assert.match(text, /Content-Security-Policy: default-src 'none'; script-src 'self'/);
  assert.match(text, /Cache-Control: max-age=60\r\n/);
  assert.match(text, /X-Content-Type-Options: nosniff\r\n/);
  assert.match(text, /Referrer-Policy: no-referrer\r\n/);
  assert.match(text, /Cross-Origin-Opener-Policy: same-origin\r\n/);
  assert.match(text, /Request-Id: req_[0-9a-z]{26}\r\n/);
  const other = await exchange(['GET /nothing HTTP/1.0\r\n\r\n']);
  assert.deepEqual(statuses(other.text), [404]);
  assert.match(other.text, /Cache-Control: no-store\r\n/);
});

// Sends BYTES, then one more byte now and then.
async function drip(bytes) {
  const socket = net.connect(server.port, '127.0.0.1');
  const began = Date.now();
  let text = '';
  socket.setEncoding('latin1').on('data', (data) => (text += data));
  socket.on('error', () => {});
  socket.write(bytes);
  const timer = setInterval(() => socket.writable && socket.write('a'), 100);
  await once(socket, 'close');
  clearInterval(timer);
  return { text, ms: Date.now() - began };
}

test('slow heads and slow bodies are cut off with 408', async () => {
  const [head, body, chunk] = await Promise.all([
    drip(GET + 'Host: a\r\nA: '),
    drip(POST + 'Content-Length: 100000\r\n\r\n'),
    drip(CHUNKED + 'fff\r\n'),
  ]);
  for (const { text } of [head, body, chunk]) assert.deepEqual(statuses(text), [408]);
  assert.ok(head.ms >= HEAD_MS && body.ms >= BODY_MS && chunk.ms >= BODY_MS);
});

test('1,000 idle connections do not disturb others', async () => {
  const idle = await Promise.all(
    Array.from({ length: 1000 }, async (_, index) => {
      const socket = net.connect(server.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.on('error', () => {});
      if (index % 2) socket.write(GET + 'Host: a\r\n\r\n');
      return socket;
    }),
  );
  for (let i = 0; i < 100; i++) {
    const { text } = await exchange([GET + 'Host: a\r\nConnection: close\r\n\r\n']);
    assert.deepEqual(statuses(text), [200]);
  }
  /* Past the limit for heads, they are still there: an idle client is not a slow one. */
  await sleep(HEAD_MS + 300);
  assert.ok(idle.every((socket) => !socket.readableEnded && !socket.destroyed));
  for (const socket of idle) socket.destroy();
});

test('idle connections end without a word, streams do not', async () => {
  const own = await start({ idleMs: 1000 });
  const stream = await openStream(own.port);
  const fresh = exchange([''], { port: own.port });
  const used = exchange([GET + 'Host: a\r\n\r\n'], { port: own.port });
  assert.deepEqual(await fresh, { text: '', closed: true });
  const { text, closed } = await used;
  assert.deepEqual([statuses(text), closed], [[200], true]);
  await sleep(1500);
  assert.ok(!stream.socket.readableEnded);
  await own.stop();
});

test('clients that leave before their answer do no harm', async () => {
  await all(
    Array.from({ length: 500 }, (_, index) => async () => {
      const socket = net.connect(server.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.on('error', () => {});
      socket.write('GET /later HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1 + (index % 5)));
      if (index % 2) await sleep(index % 3);
      socket.resetAndDestroy();
      await once(socket, 'close');
    }),
  );
  assert.equal((await count()).canaries, 0);
});

test('a client of the platform is served on kept connections', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const one = (index) =>
    new Promise((resolve, reject) => {
      const body = `body ${index}`;
      const request = http.request(
        {
          agent,
          port: server.port,
          host: '127.0.0.1',
          method: 'POST',
          path: index % 2 ? '/later' : '/echo',
        },
        async (response) => {
          let text = '';
          for await (const data of response) text += data;
          resolve(text.endsWith(`\n${body}`) && response.statusCode === 200);
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  const results = await Promise.all(Array.from({ length: 2000 }, (_, index) => one(index)));
  assert.ok(results.every(Boolean));
  agent.destroy();
});

async function openStream(port = server.port) {
  const socket = net.connect(port, '127.0.0.1');
  const stream = { socket, text: '' };
  socket.setEncoding('latin1').on('data', (data) => (stream.text += data));
  socket.on('error', () => {});
  socket.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n');
  while (!stream.text.includes('\r\n\r\n')) await once(socket, 'data');
  return stream;
}

async function until(condition, what) {
  for (let i = 0; i < 100; i++) {
    if (await condition()) return;
    await sleep(50);
  }
  assert.fail(what);
}

test('event streams: woken, quiet, left', async () => {
  const before = await count();
  const streams = await Promise.all(Array.from({ length: 100 }, () => openStream()));
  for (let i = 0; i < 3; i++) await exchange(['GET /wake HTTP/1.0\r\n\r\n']);
  await until(
    () => streams.every((stream) => stream.text.match(/data: \d+/g)?.length === 3),
    'each stream is told three times',
  );
  await until(
    () => streams.every((stream) => stream.text.includes(': quiet')),
    'each stream hears the quiet comment',
  );
  for (const { socket } of streams.slice(0, 50)) socket.destroy();
  await until(async () => (await count()).gone - before.gone === 50, 'those who left are noticed');
  await exchange(['GET /wake HTTP/1.0\r\n\r\n']);
  await until(
    () => streams.slice(50).every((stream) => stream.text.match(/data: \d+/g)?.length === 4),
    'the others go on',
  );
  for (const { socket } of streams.slice(50)) socket.destroy();
  await until(async () => (await count()).gone - before.gone === 100, 'all are noticed');
});

test('streams that are woken and left at the same time', async () => {
  const before = await count();
  await all(
    Array.from({ length: 200 }, (_, index) => async () => {
      const stream = await openStream();
      exchange(['GET /wake HTTP/1.0\r\n\r\n']).catch(() => {});
      if (index % 2) await sleep(index % 4);
      stream.socket.resetAndDestroy();
    }),
  );
  await until(async () => (await count()).gone - before.gone === 200, 'all are noticed');
});

test('a Unix socket', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'raw-http-'));
  const file = path.join(folder, 'socket');
  const own = await start({ address: `unix:${file}` });
  const socket = net.connect(file);
  let text = '';
  socket.setEncoding('latin1').on('data', (data) => (text += data));
  socket.write('GET /echo HTTP/1.0\r\n\r\n');
  await once(socket, 'close');
  assert.match(text, /GET \/echo 0 \[\] unix\n/);
  await own.stop();
  assert.ok(!existsSync(file), 'the socket file is removed');
  rmSync(folder, { recursive: true });
});

test('stopping ends streams and idle connections', async () => {
  const own = await start();
  const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(own.port)));
  const idle = net.connect(own.port, '127.0.0.1');
  idle.on('error', () => {});
  await once(idle, 'connect');
  const ends = streams.map(({ socket }) => once(socket, 'end'));
  await own.stop();
  await Promise.all(ends);
  for (const stream of streams)
    assert.ok(stream.text.endsWith('0\r\n\r\n'), 'the stream ends as chunks end');
  idle.destroy();
});
