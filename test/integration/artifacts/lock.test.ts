import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { self } from '../../../src/artifacts/holder.ts';
import { holding, lock } from '../../../src/artifacts/lock.ts';
import type { Event } from '../../../src/report.ts';
import { bundled } from '../../bundled.ts';

let top: string;
let folder: string;
let file: string;
const started: ChildProcess[] = [];

/** What a child does: `count N` raises a counter N times under the lock, `hold` takes it and keeps it. */
const program = `
import { readFile, writeFile } from 'node:fs/promises';
import { lock } from './src/artifacts/lock.ts';
const [what, file, rounds] = process.argv.slice(2);
if (what === 'hold') {
  await lock(file, 'hold the lock');
  console.log('held');
  setInterval(() => {}, 1000);
} else for (let round = 0; round < Number(rounds); round++) {
  await using held = await lock(file, 'count');
  const inside = file + '.inside';
  await writeFile(inside, String(process.pid), { flag: 'wx' });
  const count = Number(await readFile(file + '.count', 'utf8'));
  await new Promise((resolve) => setImmediate(resolve));
  await writeFile(file + '.count', String(count + 1));
  await (await import('node:fs/promises')).rm(inside);
}
`;

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'eulab-lock-'));
  await bundled({ text: program }, join(top, 'child.mjs'));
});

beforeEach(async () => {
  folder = await mkdtemp(join(top, 'case-'));
  file = join(folder, 'the.lock');
});

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(top, { recursive: true });
});

function child(...args: readonly string[]): ChildProcess {
  const process = spawn(globalThis.process.execPath, [join(top, 'child.mjs'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(process);
  return process;
}

/** A child that holds the lock by now. */
async function holder(): Promise<ChildProcess> {
  const process = child('hold', file);
  if (process.stdout === null) throw new Error('no stdout');
  await once(createInterface(process.stdout), 'line');
  return process;
}

async function kill(process: ChildProcess): Promise<void> {
  process.kill('SIGKILL');
  await once(process, 'exit');
}

const own = async () => (await readdir(folder)).filter((name) => !/\.(count|inside)$/.test(name));

test('eight processes count to their sum, and nothing of the lock is left', async () => {
  await writeFile(`${file}.count`, '0');
  const children = Array.from({ length: 8 }, () => child('count', file, '40'));
  expect(await Promise.all(children.map(async (one) => (await once(one, 'exit'))[0]))).toEqual(Array(8).fill(0));
  expect(await readFile(`${file}.count`, 'utf8')).toBe('320');
  expect(await own()).toEqual([]);
});

test('eight processes take over from one that was killed, one after the other', async () => {
  await writeFile(`${file}.count`, '0');
  for (let round = 1; round <= 5; round++) {
    await kill(await holder());
    const children = Array.from({ length: 8 }, () => child('count', file, '3'));
    expect(await Promise.all(children.map(async (one) => (await once(one, 'exit'))[0]))).toEqual(Array(8).fill(0));
    expect(await readFile(`${file}.count`, 'utf8')).toBe(String(24 * round));
    expect(await own()).toEqual([]);
  }
});

test('one that takes over and is killed too is taken over from', async () => {
  await kill(await holder());
  await kill(await holder());
  await kill(await holder());
  expect(await own()).toHaveLength(3);
  expect(await holding(file)).toBeUndefined();
  const held = await lock(file, 'the fourth');
  expect(await holding(file)).toEqual({ pid: process.pid, command: 'the fourth' });
  await held[Symbol.asyncDispose]();
  expect(await own()).toEqual([]);
});

test('a living holder is waited for, and named once; its death ends the waiting', async () => {
  const living = await holder();
  const events: Event[] = [];
  const waiting = lock(file, 'me', {
    report: (event) => {
      events.push(event);
      // Only now is it certain that the other was seen alive.
      living.kill('SIGKILL');
    },
  });
  await using _held = await waiting;
  expect(events).toEqual([{ kind: 'note', text: `waiting for ${living.pid} (hold the lock)` }]);
});

test('the signal ends the waiting with its reason, and the holder keeps the lock', async () => {
  const living = await holder();
  const abort = new AbortController();
  const reason = new Error('enough');
  await expect(lock(file, 'me', { signal: abort.signal, report: () => abort.abort(reason) })).rejects.toBe(reason);
  await expect(lock(file, 'me', { signal: abort.signal })).rejects.toBe(reason);
  expect(await holding(file)).toEqual({ pid: living.pid, command: 'hold the lock' });
  expect(await own()).toHaveLength(1);
  await kill(living);
});

test('within one process the second waits for the first', async () => {
  const order: string[] = [];
  const first = await lock(file, 'first');
  const second = lock(file, 'second', {
    report: () => {
      order.push('second waits');
      void first[Symbol.asyncDispose]();
    },
  });
  await using _held = await second;
  expect(order).toEqual(['second waits']);
  expect((await holding(file))?.command).toBe('second');
});

const claim = (change: object) => JSON.stringify({ id: '0'.repeat(8), ...self(), command: 'other', ...change });
const id = '01234567-89ab-4cde-8f01-23456789abcd';

test.each([
  ['a pid that was given to another process', claim({ id, start: '1' })],
  ['another boot', claim({ id, boot: 'b' })],
  ['a pid that nobody has', claim({ id, pid: 2 ** 22 + 1 })],
  ['an empty file, as a loss of power leaves it', ''],
  ['half a claim', '{"id":"012'],
  ['an id that would lead elsewhere', claim({ id: '../../x' })],
])('%s is a dead holder', async (_, text) => {
  await writeFile(file, text);
  await (await lock(file, 'me'))[Symbol.asyncDispose]();
  expect(await own()).toEqual([]);
});

test.each([
  ['another pid namespace', { namespace: 'pid:[1]' }],
  ['another machine', { machine: 'm', boot: 'b' }],
])('a holder in %s is not taken for dead, and the file to remove is named', async (_, change) => {
  await writeFile(file, claim({ id, ...change }));
  const abort = new AbortController();
  const notes: Event[] = [];
  const report = (event: Event) => {
    notes.push(event);
    abort.abort(new Error('seen'));
  };
  await expect(lock(file, 'me', { signal: abort.signal, report })).rejects.toThrow('seen');
  expect(notes).toEqual([expect.objectContaining({ text: expect.stringContaining(`remove ${file}`) })]);
});

test('a lock that was removed by hand and taken by another is not released for them', async () => {
  const mine = await lock(file, 'mine');
  await rm(file);
  await using _theirs = await lock(file, 'theirs');
  await mine[Symbol.asyncDispose]();
  expect((await holding(file))?.command).toBe('theirs');
});
