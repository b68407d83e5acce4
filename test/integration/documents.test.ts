import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { CommandUnknownOpts } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootOf, timelineOf } from '../../src/boot/timeline/timeline.ts';
import type { Context } from '../../src/commands/context.ts';
import { verbs } from '../../src/commands/verbs.ts';
import { leavesOf, wordsOf } from '../../src/configuration/section.ts';
import { documentNames } from '../../src/documents/schema.ts';
import { type DocumentName, documents } from '../../src/documents/table.ts';
import { newc } from '../../src/ramdisk/cpio.ts';
import { file as fileEntry } from '../../src/ramdisk/entry.ts';
import { expectDocument, expectEvents, published } from '../documents.ts';
import { barrenQemu, eulab, folder, program, root } from '../eulab.ts';
import { meta, recorded } from '../unit/boot/timeline/recorded.ts';

const here = folder();
const at = (path: string) => join(here.path, path);
const env = { EULAB_CACHE: at('cache'), EULAB_STATE: at('state'), EULAB_ACCEL: 'tcg', XDG_RUNTIME_DIR: at('run') };
const call = (...args: readonly string[]) => eulab(['-C', at('work'), ...args], { env, cwd: here.path });
const small = ['--source', at('linux/'), '--profile', 'tiny', '--engine', 'host'];
const built: string[] = [];

/** Calls eulab, and returns what it wrote to stdout, when it ends as it should. */
async function said(status: number, ...args: readonly string[]): Promise<string> {
  const done = await call(...args);
  expect([args, done.status], done.stderr).toEqual([args, status]);
  return done.stdout.toString();
}

beforeAll(async () => {
  for (const name of ['work', 'run']) mkdirSync(at(name));
  cpSync(join(root, 'test/fixtures/small-kernel'), at('linux'), { recursive: true });
  writeFileSync(at('note'), 'hello\n');
  built.push(await said(0, 'build', 'kernel', ...small, '--json', '--events', at('kernel.ndjson')));
  const ramdisk = ['build', 'ramdisk', '--busybox', '/bin/busybox', '--engine', 'host', '--add', `${at('note')}:/note`, '--json'];
  built.push(await said(0, ...ramdisk, '-v', `--events=${at('ramdisk.ndjson')}`));
  built.push(await said(0, ...ramdisk));
  writeFileSync(at('one.cpio.gz'), gzipSync(await buffer(newc([fileEntry('a', Buffer.from('1'))]))));
  writeFileSync(at('two.cpio.gz'), gzipSync(await buffer(newc([fileEntry('b', Buffer.from('1'))]))));
  writeFileSync(at('a.json'), JSON.stringify(timelineOf(meta, [bootOf(recorded('bzimage'))])));
  writeFileSync(at('b.json'), JSON.stringify(timelineOf(meta, [bootOf(recorded('elf'))])));
  writeFileSync(at('wrong.toml'), '[boot]\nmemroy = "1G"\n');
}, 120_000);
afterAll(() => here[Symbol.dispose]());

const artifact = (name: string) => readFileSync(at(`work/artifacts/${name}`), 'utf8');
const net = ['--bridge', 'eulabdoc0', '--state', at('net')];

/** How each document comes about, in this order; those of machines that run are judged where such machines are. */
const outputs: readonly (readonly [DocumentName, string, () => Promise<readonly string[]> | readonly string[]])[] = [
  ['build', 'of a kernel and of a ramdisk, done and not done', () => built],
  ['manifest', 'beside what was built', () => ['kernel.manifest.json', 'ramdisk.manifest.json'].map(artifact)],
  ['provenance', 'beside what was built', () => ['kernel.provenance.json', 'ramdisk.provenance.json'].map(artifact)],
  ['kernels', 'of one kernel', async () => [await said(0, 'kernels', '--json')]],
  ['entries', 'of the ramdisk', async () => [await said(0, 'ramdisk', 'ls', '--json')]],
  ['tree', 'of the ramdisk', async () => [await said(0, 'ramdisk', 'tree', '--json')]],
  ['sizes', 'of the ramdisk', async () => [await said(0, 'ramdisk', 'size', '--json')]],
  [
    'image',
    'of the ramdisk, and of one that does not boot',
    async () => [await said(0, 'ramdisk', 'explain', '--json'), await said(0, 'ramdisk', 'explain', at('one.cpio.gz'), '--json')],
  ],
  [
    'differences',
    'of two images, and of none',
    async () => [
      await said(1, 'ramdisk', 'diff', at('one.cpio.gz'), at('two.cpio.gz'), '--json'),
      await said(0, 'ramdisk', 'diff', at('one.cpio.gz'), at('one.cpio.gz'), '--json'),
    ],
  ],
  ['extracted', 'of an image', async () => [await said(0, 'ramdisk', 'extract', at('one.cpio.gz'), at('out'), '--json')]],
  ['packed', 'of a folder', async () => [await said(0, 'ramdisk', 'pack', at('out'), at('packed.cpio.gz'), '--json')]],
  ['plan', 'of disks and networks', plans],
  ['disk', 'that was made', async () => [await said(0, 'disk', 'create', 'one', '1M', '--fs', 'none', '--json')]],
  ['disks', 'that there are', async () => [await said(0, 'disk', 'list', '--json')]],
  ['doctor', 'of three checks', async () => [await said(0, 'doctor', 'artifacts', 'cache', 'temporary', '--json')]],
  [
    'engines',
    'of this host, whether there are any or not',
    async () => [(await call('image', 'engines', '--json')).stdout.toString()],
  ],
  ['network', 'of which nothing stands', async () => [await said(0, 'net', 'status', ...net, '--json')]],
  ['network-change', 'of nothing', networkChanges],
  ['settings', 'of all verbs', async () => [await said(0, 'config', 'show', '--json')]],
  [
    'mistakes',
    'in a file, and none',
    async () => [
      await said(2, '--config', at('wrong.toml'), 'config', 'check', '--json'),
      await said(0, 'config', 'check', '--json'),
    ],
  ],
  ['topics', 'all, and one', async () => [await said(0, 'explain', '--json'), await said(0, 'explain', 'newc', '--json')]],
  ['lessons', 'of which none is begun, and one', begun],
  ['schemas', 'of all documents', async () => [await said(0, 'schema', '--json')]],
  ['machines', 'of which none runs', async () => [await said(0, 'ps', '--json')]],
  [
    'boot-plan',
    'of a command, and of a shell that is explained',
    async () => [
      await said(0, 'boot', '--no-check', '-n', '--json', '-', '--', 'true'),
      await said(0, 'boot', '--no-check', '--explain', '--json', '-'),
    ],
  ],
  ['outcome', 'of a machine that does not start', failedBoot],
  ['timeline', 'as it is recorded', () => [readFileSync(at('a.json'), 'utf8')]],
  ['comparison', 'of two timelines', async () => [await said(0, 'boot', '--compare', at('a.json'), at('b.json'), '--json', '-')]],
  ['verdicts', 'on the ramdisk', async () => [await said(0, 'verify', 'ramdisk', '--json')]],
  ['release', 'of both', async () => [await said(0, 'release', '--output', at('all.tar'), '--json')]],
  ['pulled', 'from a file', async () => [await said(0, '-C', made('other'), 'pull', at('all.tar'), '--json')]],
  [
    'cleaned',
    'what would be, and what was',
    async () => [await said(0, 'clean', '-n', '--json'), await said(0, 'clean', '--json')],
  ],
];

function made(name: string): string {
  mkdirSync(at(name), { recursive: true });
  return at(name);
}

async function plans(): Promise<string[]> {
  const disk = await said(0, 'disk', 'create', 'two', '1M', '--fs', 'none', '--json', '--dry-run');
  return [disk, ...(await Promise.all(['up', 'down'].map((verb) => said(0, 'net', verb, ...net, '--plan', '--json'))))];
}

async function begun(): Promise<string[]> {
  const none = await said(0, 'learn', '--json');
  await said(0, 'learn', 'start', 'pid1');
  return [none, await said(0, 'learn', '--json')];
}

/** Where there is no root nothing may be asked of sudo. */
async function networkChanges(): Promise<string[]> {
  return process.getuid?.() === 0 ? [await said(0, 'net', 'down', ...net, '--json')] : [];
}

async function failedBoot(): Promise<string[]> {
  await said(125, 'boot', '--no-check', '--qemu', barrenQemu(here.path), '--json', at('outcome.json'), '--', 'true');
  return [readFileSync(at('outcome.json'), 'utf8')];
}

test('what was built is told, and that nothing was to be done', () => {
  expect(built.map((text) => JSON.parse(text))).toMatchObject([
    { built: true, product: 'kernel', name: 'tiny-1.2.3' },
    { built: true, product: 'ramdisk', name: null },
    { built: false, product: 'ramdisk' },
  ]);
  // How a call spoke is not part of what makes it again.
  expect(JSON.parse(artifact('ramdisk.manifest.json')).command).toBe(
    `eulab build ramdisk --busybox /bin/busybox --engine host --add ${at('note')}:/note`,
  );
});

test.each(outputs)('the document %s, %s, is as its published schema has it', async (name, _what, texts) => {
  for (const text of await texts()) {
    const document = JSON.parse(text);
    expectDocument(name, document);
    // What is an object says which schema it is of; standards have versions of their own.
    if (!Array.isArray(document) && name !== 'provenance') {
      expect([name, document.schema]).toEqual([name, Number(documents[name].version.split('.')[0])]);
    }
  }
});

test('the events of both builds are as their schema has them', () => {
  const events = ['kernel', 'ramdisk'].map((name) => expectEvents(readFileSync(at(`${name}.ndjson`), 'utf8')));
  for (const [index, verb] of ['build kernel', 'build ramdisk'].entries()) {
    expect(events[index]?.[0]).toMatchObject({ kind: 'start', schema: 1, verb });
    expect(events[index]?.at(-1)).toMatchObject({ kind: 'end', status: 0, error: null });
    expect(events[index]?.filter(({ kind }) => kind === 'step').length).toBeGreaterThan(1);
  }
  expect(events[0]?.some(({ kind }) => kind === 'line')).toBe(false);
  expect(events[1]?.some(({ kind }) => kind === 'line')).toBe(true);
});

/** Documents that only a machine which runs gives: test/e2e/mcp.test.ts and learn.test.ts. */
const elsewhere = ['event', 'lesson', 'tool-boot', 'tool-console', 'tool-exec', 'tool-start'];

test('every document is judged, and every verb with --json has one', async () => {
  expect([...outputs.map(([name]) => name), ...elsewhere].toSorted()).toEqual(documentNames.toSorted());
  const all = await Promise.all(verbs.map(async ({ load }) => (await load())({} as Context) as CommandUnknownOpts));
  const leaves = all.flatMap((verb) => [verb, ...leavesOf(verb)]);
  const having = leaves
    .filter(({ options }) => options.some(({ long }) => long === '--json'))
    .map((one) => wordsOf(one).join(' '));
  const told = documentNames.flatMap((name) => documents[name].verbs);
  expect([...new Set(having)].toSorted()).toEqual([...new Set(told)].toSorted());
});

test('no version of a schema that there was is ever taken back', async () => {
  const { status, stdout } = await program('git', ['log', '--patch', '--format=', '--', 'test/fixtures/schemas.txt']);
  // Where there is no history there is nothing to compare with.
  const removed = status === 0 ? stdout.toString().match(/^-[^-\n].*$/gm) : null;
  expect(removed).toBeNull();
  const now = new Set(readFileSync(join(root, 'test/fixtures/schemas.txt'), 'utf8').split('\n'));
  const ever = status === 0 ? (stdout.toString().match(/^\+[^+\n].*$/gm) ?? []) : [];
  for (const line of ever) expect([line, now.has(line.slice(1))]).toEqual([line, true]);
});

test('schemas refuse what they do not name', () => {
  for (const name of documentNames) {
    const objects = objectsOf(published(name));
    expect([name, objects.length > 0]).toEqual([name, true]);
    for (const one of objects) expect([name, one['additionalProperties']]).not.toEqual([name, undefined]);
  }
});

/** The parts of a schema that are objects with properties. */
function objectsOf(part: unknown): Record<string, unknown>[] {
  if (typeof part !== 'object' || part === null) return [];
  const below = Object.values(part).flatMap(objectsOf);
  return 'properties' in part && 'type' in part ? [part as Record<string, unknown>, ...below] : below;
}
