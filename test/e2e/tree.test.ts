import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quote } from '../../src/command.ts';
import { bundle, ended, eulab, leftWith, program, root, started } from '../eulab.ts';
import { onTerminal } from '../terminal.ts';
import { artifacts } from './artifacts.ts';
import { testCache } from './kernels.ts';

artifacts();

// A developer's tree: hard links to the source that the lab kernel was made from. A file is changed by putting another in its
// place, as editors do, so that the source itself stays as it is. Nothing is there at the beginning but what ccache has kept,
// which knows a file by its path.
const here = join(testCache, 'tree');
const linux = join(here, 'linux');
const work = join(here, 'artifacts');
const cache = join(here, 'cache');

const clear = () => {
  for (const path of [linux, work, join(cache, 'obj')]) rmSync(path, { recursive: true, force: true });
};

beforeAll(async () => {
  clear();
  mkdirSync(here, { recursive: true });
  const { folder: source } = JSON.parse(readFileSync(join(root, 'artifacts/kernel.manifest.json'), 'utf8')).inputs;
  const { status, stderr } = await program('cp', ['-al', source, linux]);
  if (status !== 0) throw new Error(stderr);
});

afterAll(clear);

const args = [
  '-C',
  here,
  'build',
  'kernel',
  '--source',
  linux,
  '--profile',
  'tiny',
  '--set',
  'CONFIG_MODULES=y',
  '--engine',
  'host',
];
const env = { EULAB_CACHE: cache };
const build = () => eulab(args, { env });
const image = () => statSync(join(work, 'bzImage')).mtimeMs;

function write(file: string, text: string): void {
  const draft = join(here, 'draft');
  writeFileSync(draft, text);
  renameSync(draft, join(linux, file));
}

test('a tree in which a kernel was configured is refused, with what to do', async () => {
  write('.config', '');
  const { status, stderr } = await build();
  expect([status, stderr]).toEqual([2, expect.stringContaining(`make -C ${linux} mrproper`)]);
  renameSync(join(linux, '.config'), join(here, 'config'));
});

test('a build that is killed leaves no process, no result and nothing half done; the next one works', {
  timeout: 900_000,
}, async () => {
  const child = started([...args, '--verbose'], { env });
  const lines = createInterface({ input: child.stderr as NonNullable<typeof child.stderr> });
  for await (const line of lines) if (/^ {2}CC {6}init\//.test(line)) break;
  child.kill('SIGKILL');
  expect((await ended(child)).status).toBe(137);
  expect(await leftWith(linux)).toEqual([]);
  expect(readdirSync(work).filter((name) => !name.startsWith('.'))).toEqual([]);
  // On a terminal, for what is seen of it there: much of it is to be done.
  const line = [process.execPath, bundle, ...args].map(quote).join(' ');
  const shown = await onTerminal(`stty cols 150; EULAB_CACHE=${quote(cache)} ${line}; echo "status=$?"`, []);
  expect(shown).toContain('status=0');
  expect(shown).toMatch(
    /compiling Linux \S+ \(tiny\) \[#+-+\] \d+ of (?:about )?\d+ objects \(\d+ %\), (?:\d+ min )?\d+ s.*: \S+\.[oa]/,
  );
  expect(shown).toMatch(/about \d+ (?:s|min \d+ s) left/);
  expect(shown).toMatch(/ccache had \d+ of \d+ objects \(\d+ %\); the whole log: \S+\.log/);
  const { inputs } = JSON.parse(readFileSync(join(work, 'kernel.manifest.json'), 'utf8'));
  expect(inputs).toMatchObject({ engine: 'host', source: linux, gcc: expect.stringMatching(/^gcc /) });
});

test('nothing is done twice, and the tree is never written to', async () => {
  const before = image();
  const { status, stderr } = await build();
  expect([status, image()]).toEqual([0, before]);
  expect(stderr).toContain('nothing to do');
  expect(stderr).not.toContain('configuring');
  const changed = await program('find', [linux, '-newer', join(here, 'config'), '!', '-type', 'd']);
  expect(changed.stdout.toString()).toBe('');
});

test('an error of the compiler is shown with its file and line in the last ten lines; the result stays', async () => {
  const before = image();
  const text = readFileSync(join(linux, 'init/version.c'), 'utf8');
  write('init/version.c', `${text}int broken(void) { return nowhere; }\n`);
  const { status, stderr } = await build();
  const line = text.split('\n').length;
  expect(status).toBe(1);
  expect(stderr.trimEnd().split('\n').slice(-10).join('\n')).toMatch(new RegExp(`init/version.c:${line}:\\d+: error: .*nowhere`));
  expect(image()).toBe(before);

  write('init/version.c', `${text}int mended(void) { return 42; }\n`);
  const mended = await build();
  expect(mended.status, mended.stderr).toBe(0);
  expect(image()).toBeGreaterThan(before);
});
