import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cable, cable } from '../../src/switch/cable.ts';
import { bundled } from '../bundled.ts';
import { folder, leftWith, processesWith, root } from '../eulab.ts';

const here = folder();
const program = join(here.path, 'switch.mjs');

/** A process of its own that has a cable: RUNTIME CARD. */
const starterFile = join(here.path, 'starter.mjs');
const starterText = `
  import { cable } from './src/switch/cable.ts';
  const [runtime, card] = process.argv.slice(2);
  await cable({ lab: 'a', runtime, card, pcap: undefined, program: ${JSON.stringify(program)} }).plugged;
  console.log('plugged');`;

beforeAll(async () => {
  await bundled({ path: join(root, 'src/switch/main.ts') }, program);
  await bundled({ text: starterText }, starterFile);
});
afterAll(() => here[Symbol.dispose]());

/** What QEMU has at the end of a card's cable: a socket to which one switch at a time may come. */
class Card implements AsyncDisposable {
  readonly address: string;
  readonly path: string;
  readonly #server = createServer((line) => this.#take(line));
  readonly #lines: Socket[] = [];
  #got = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  constructor(runtime: string, number: number) {
    this.address = `0200000000${number.toString(16).padStart(2, '0')}`;
    this.path = join(runtime, `card${number}`);
    this.#server.listen(this.path);
  }

  #take(line: Socket): void {
    this.#lines.push(line);
    line.on('error', () => undefined);
    line.on('data', (bytes: Buffer) => {
      this.#got = Buffer.concat([this.#got, bytes]);
      this.#wake();
    });
  }

  /** Settles when a switch's connection was taken: the switch sees that it is made a moment before. */
  async plugged(): Promise<void> {
    if (this.#lines.length === 0) await once(this.#server, 'connection');
  }

  /** Sends a frame, byte by byte if so wished. */
  send(to: string, text: string, pieces = 1): void {
    const frame = Buffer.concat([Buffer.from(to + this.address, 'hex'), Buffer.from(`\x08\x00${text}`, 'latin1')]);
    const record = Buffer.concat([Buffer.alloc(4), frame]);
    record.writeUInt32BE(frame.length);
    for (let piece = 0; piece < pieces; piece += 1) {
      const cut = (at: number) => Math.floor((record.length * at) / pieces);
      this.#lines.at(-1)?.write(record.subarray(cut(piece), cut(piece + 1)));
    }
  }

  /** All that came, once `text` is there. */
  async until(text: string): Promise<string> {
    while (!this.#got.includes(text)) {
      await new Promise<void>((settle) => {
        this.#wake = settle;
      });
    }
    return this.#got.toString('latin1');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const line of this.#lines) line.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A folder for the sockets of one test. */
function runtimeOf(name: string): string {
  const runtime = join(here.path, name);
  mkdirSync(runtime, { mode: 0o700 });
  return runtime;
}

const everybody = 'ffffffffffff';

function plugged(runtime: string, card: Card, pcap?: string): Cable {
  return cable({ lab: 'a', runtime, card: card.path, pcap, program });
}

/** Says it to everybody until the other end has it: what is sent while nobody is there is lost, as on any cable. */
async function reaches(from: Card, to: Card, text: string): Promise<void> {
  const saying = setInterval(() => from.send(everybody, text), 20);
  await to.until(text);
  clearInterval(saying);
}

test('a frame goes to all, then to the one who answered; all are in the file; at the end nothing is left', async () => {
  const runtime = runtimeOf('frames');
  await using one = new Card(runtime, 1);
  await using two = new Card(runtime, 2);
  await using three = new Card(runtime, 3);
  const pcap = join(here.path, 'all.pcap');
  const cables = [plugged(runtime, one, pcap), plugged(runtime, two, pcap), plugged(runtime, three)];
  await Promise.all([one, two, three].map((card) => card.plugged()));
  await Promise.all(cables.map((each) => each.plugged));

  one.send(everybody, 'who is there?', 7);
  expect([await two.until('there?'), await three.until('there?')]).toHaveLength(2);
  two.send(one.address, 'two is', 3);
  await one.until('two is');
  one.send(two.address, 'for two alone');
  await two.until('alone');
  two.send(everybody, 'the end');
  expect(await three.until('the end')).not.toMatch(/two is|for two alone/);

  const packets = readFileSync(pcap);
  expect(packets.readUInt32LE(0)).toBe(0xa1b2c3d4);
  const lengths: number[] = [];
  for (let at = 24; at < packets.length; at += 16 + (lengths.at(-1) ?? 0)) lengths.push(packets.readUInt32LE(at + 8));
  expect(lengths).toEqual(['who is there?', 'two is', 'for two alone', 'the end'].map((text) => 14 + text.length));

  for (const each of cables) each[Symbol.dispose]();
  expect([await leftWith(runtime), names(runtime)]).toEqual([[], []]);
});

test('of many that start at once one switch is left, and a socket that a crash left is in nobody’s way', async () => {
  const runtime = runtimeOf('race');
  writeFileSync(join(runtime, '.lab.a'), '');
  const cards = Array.from({ length: 6 }, (_, index) => new Card(runtime, index + 1));
  const cables = cards.map((card) => plugged(runtime, card));
  await Promise.all(cards.map((card) => card.plugged()));
  await Promise.all(cables.map((each) => each.plugged));
  cards[0]?.send(everybody, 'all of us');
  await Promise.all(cards.slice(1).map((card) => card.until('all of us')));
  // Those who came too late end by themselves.
  const startedMs = performance.now();
  while (processesWith(runtime).length > 1 && performance.now() - startedMs < 5000) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(processesWith(runtime)).toHaveLength(1);
  for (const each of cables) each[Symbol.dispose]();
  for (const card of cards) await card[Symbol.asyncDispose]();
  expect([await leftWith(runtime), names(runtime)]).toEqual([[], []]);
});

test('kill -9 of the switch: all find themselves in the next one', async () => {
  const runtime = runtimeOf('killed');
  await using one = new Card(runtime, 1);
  await using two = new Card(runtime, 2);
  const cables = [plugged(runtime, one), plugged(runtime, two)];
  await Promise.all(cables.map((each) => each.plugged));
  for (const round of ['first', 'second', 'third']) {
    await reaches(one, two, round);
    await reaches(two, one, round);
    for (const pid of processesWith(runtime)) process.kill(pid, 'SIGKILL');
  }
  await reaches(one, two, 'after all');
  for (const each of cables) each[Symbol.dispose]();
  expect([await leftWith(runtime), names(runtime)]).toEqual([[], []]);
});

test('kill -9 of who started it: it goes on for the others, and not without any', async () => {
  const runtime = runtimeOf('starter');
  await using one = new Card(runtime, 1);
  await using two = new Card(runtime, 2);
  await using three = new Card(runtime, 3);
  const starter = spawn(process.execPath, [starterFile, runtime, one.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(starter.stdout, 'data');
  const [first] = processesWith(`${runtime}/.lab.a`);
  const cables = [plugged(runtime, two), plugged(runtime, three)];
  await Promise.all(cables.map((each) => each.plugged));
  starter.kill('SIGKILL');
  await once(starter, 'exit');
  await reaches(two, three, 'still here');
  expect(processesWith(`${runtime}/.lab.a`)).toEqual([first]);
  for (const each of cables) each[Symbol.dispose]();
  expect([await leftWith(runtime), names(runtime)]).toEqual([[], []]);
});

test('a starter that is killed at any moment leaves no switch', async () => {
  const runtime = runtimeOf('moments');
  await using one = new Card(runtime, 1);
  for (let moment = 0; moment < 8; moment += 1) {
    const starter = spawn(process.execPath, [starterFile, runtime, one.path], { stdio: 'ignore' });
    await new Promise((resolve) => setTimeout(resolve, 40 + moment * 31));
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    expect([moment, await leftWith(`${runtime}/.lab.a`)]).toEqual([moment, []]);
  }
});

test('a switch that cannot be started says why', async () => {
  const ends = { lab: 'a', runtime: join(here.path, 'nowhere'), card: '/nowhere', pcap: undefined, program };
  using lost = cable(ends);
  await expect(lost.plugged).rejects.toThrow('the switch cannot be started');
});

/** What is left of switches. */
function names(runtime: string): string[] {
  return readdirSync(runtime).filter((name) => name.startsWith('.lab'));
}
