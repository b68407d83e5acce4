import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Argument, CommandUnknownOpts } from 'commander';
import { expect, test } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { verbs } from '../../src/commands/verbs.ts';
import { leavesOf, wordsOf } from '../../src/configuration/section.ts';
import { expectEvents } from '../documents.ts';
import { bundle, ended, eulab, folder, program } from '../eulab.ts';
import { requires } from '../requires.ts';
import { onTerminal } from '../terminal.ts';
import { site } from './source/site.ts';

/** Every command that does something, as one would call it with what it cannot do without. */
async function calls(): Promise<string[][]> {
  const shown = verbs.filter(({ hidden }) => hidden !== true);
  const all = await Promise.all(shown.map(async ({ load }) => (await load())({} as Context) as CommandUnknownOpts));
  // A verb that has verbs may do something by itself too, and then has options.
  const acting = all.flatMap((verb) => [
    ...leavesOf(verb),
    ...(verb.commands.length > 0 && verb.options.length > 0 ? [verb] : []),
  ]);
  return acting.map((verb) => [...wordsOf(verb), ...verb.registeredArguments.filter(({ required }) => required).map(word)]);
}

function word(argument: Argument): string {
  return argument.argChoices?.[0] ?? (argument.name() === 'size' ? '1M' : 'x');
}

/** Runs the calls a few at a time. */
async function each<Out>(list: readonly string[][], run: (words: readonly string[]) => Promise<Out>): Promise<Out[]> {
  const out: Out[] = [];
  for (let from = 0; from < list.length; from += 4) out.push(...(await Promise.all(list.slice(from, from + 4).map(run))));
  return out;
}

test('every verb can be quiet, verbose, and say what failed; not all at once', { timeout: 120_000 }, async () => {
  const list = await calls();
  expect(list.length).toBeGreaterThan(35);
  const ends = await each(list, async (words) => {
    const { status, stderr } = await eulab([...words, '-q', '-v', '--debug'], { input: '' });
    return [words, status, /^eulab: --quiet and --verbose exclude each other$.*\n {4}at /ms.test(stderr)];
  });
  expect(ends).toEqual(list.map((words) => [words, 2, true]));
});

test('every verb tells events, and does nothing when it cannot', { timeout: 120_000 }, async () => {
  const list = await calls();
  const ends = await each(list, async (words) => {
    const { status, stdout, stderr } = await eulab([...words, '--events', '/no/such/folder/file']);
    return [words, status, stdout.toString(), stderr.split('\n')[0]];
  });
  const told = 'eulab: --events /no/such/folder/file: cannot be written (ENOENT)';
  expect(ends).toEqual(list.map((words) => [words, 2, '', told]));
});

test('what stands before the verb counts too; the command line wins over the environment', async () => {
  const told = async (args: readonly string[], env = {}) => (await eulab(args, { env, cwd: '/' })).stderr;
  using here = folder();
  const kernels = ['-C', here.path, 'kernels'];
  expect(await told(kernels)).toContain('there is no kernel yet');
  expect(await told(['-q', ...kernels])).toBe('');
  expect(await told([...kernels, '--quiet'])).toBe('');
  expect(await told(kernels, { EULAB_QUIET: '1' })).toBe('');
  expect(await told([...kernels, '-v'], { EULAB_QUIET: '1' })).toContain('there is no kernel yet');
  expect(await told([...kernels, '-q'], { EULAB_VERBOSE: '1' })).toBe('');
  expect(await told(['-q', ...kernels, '-v'])).toContain('exclude each other');
});

const build = ['build', 'ramdisk', '--busybox', '/bin/busybox', '--engine', 'host'];

test('a build says its steps, everything, or nothing; results are on stdout alone', async () => {
  using here = folder();
  const said = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await eulab(['-C', here.path, ...build, '--force', ...args], {
      env: { EULAB_CACHE: join(here.path, 'cache') },
    });
    expect(status, stderr).toBe(0);
    return [stdout.toString(), stderr] as const;
  };
  const [plain, verbose, quiet, json] = [await said(), await said('-v'), await said('-q'), await said('-q', '--json')];
  expect(plain[0] + verbose[0] + quiet[0] + quiet[1] + json[1]).toBe('');
  expect(plain[1]).toMatch(/^eulab: packing .*\n[\s\S]*initramfs\.cpio/);
  expect(verbose[1].split('\n').length).toBeGreaterThan(plain[1].split('\n').length);
  expect(JSON.parse(json[0])).toMatchObject({ schema: 1, built: true });
});

const esc = String.fromCharCode(27);

test.each([
  ['in a pipe', {}, false],
  ['in a pipe with NO_COLOR', { NO_COLOR: '1' }, false],
  ['in a pipe with FORCE_COLOR', { FORCE_COLOR: '1' }, true],
  ['with both', { NO_COLOR: '1', FORCE_COLOR: '1' }, true],
  ['with an empty NO_COLOR', { NO_COLOR: '' }, false],
])('errors, warnings, results: colours %s; no spinner, no cursor that moves', async (_where, wanted, coloured) => {
  using here = folder();
  const env = { NO_COLOR: undefined, FORCE_COLOR: undefined, EULAB_CACHE: join(here.path, 'cache'), ...wanted };
  for (const [args, status] of [
    [['doctor', 'cache'], 0],
    [['stop', 'nobody'], 2],
    [['build', 'ramdisk', '--busybox', '/no/such'], 2],
  ] as const) {
    const done = await eulab(['-C', here.path, ...args], { env });
    const all = done.stdout.toString() + done.stderr;
    expect([args, done.status, all.includes(`${esc}[3`)]).toEqual([args, status, coloured]);
    expect(all).not.toMatch(new RegExp(`${esc}\\[[?\\d;]*[a-ln-zA-Z]|\r`));
  }
});

requires('script')(
  'on a terminal a step spins; one that failed is marked as that, and no step when it is to be quiet',
  async () => {
    using here = folder();
    const call = `-C ${here.path} pull http://127.0.0.1:9/a.tar --sha256 ${'a'.repeat(64)}`;
    const shown = (words: string) =>
      onTerminal(`stty cols 120; EULAB_CACHE=${here.path} ${process.execPath} ${bundle} ${words}`, []);
    const failed = await shown(call);
    expect(failed).toContain('✖ downloading');
    expect(failed).not.toContain('✔');
    const quiet = await shown(`${call} -q`);
    expect(quiet).not.toContain('downloading');
    expect(quiet).toContain('eulab: ');
  },
);

test('nothing asks without a terminal: --fix is refused', async () => {
  const { status, stderr } = await eulab(['doctor', 'cache', '--fix']);
  expect([status, stderr]).toEqual([2, expect.stringContaining('there is no terminal to ask on')]);
});

requires('root', 'setpriv')('nothing asks without a terminal: sudo is told not to', async () => {
  using here = folder();
  const bin = join(here.path, 'bin');
  mkdirSync(bin);
  chmodSync(here.path, 0o755);
  writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nprintf "%s\\n" "$1"\n', { mode: 0o755 });
  symlinkSync('/usr/bin/env', join(bin, 'env'));
  const user = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, bundle];
  const { stdout, stderr } = await program(
    'setpriv',
    [...user, 'net', 'up', '--bridge', 'eulabman0', '--state', '/nonexistent'],
    {
      cwd: '/',
      env: { PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin` },
    },
  );
  expect([stdout.toString(), stderr]).toEqual(['-n\n', '']);
});

test('events go to a file, to a descriptor, and to stdout where that is free', async () => {
  using here = folder();
  const env = { EULAB_CACHE: join(here.path, 'cache') };
  const words = ['-C', here.path, ...build];
  const file = join(here.path, 'events');
  writeFileSync(file, 'what was there before\n'.repeat(1000));
  expect((await eulab([...words, '--events', file], { env })).status).toBe(0);
  const inFile = expectEvents(readFileSync(file, 'utf8'));
  expect(inFile.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['start', 'step', 'step-end', 'note', 'end']));

  const shell = `exec "$0" "$@" --json --events fd:3 3>&1 >${join(here.path, 'result')}`;
  const through = await program('bash', ['-c', shell, process.execPath, bundle, ...words], { env });
  expect(through.status, through.stderr).toBe(0);
  expect(expectEvents(through.stdout.toString()).at(-1)).toMatchObject({ kind: 'end', status: 0 });
  expect(JSON.parse(readFileSync(join(here.path, 'result'), 'utf8'))).toMatchObject({ built: false });

  const plain = await eulab([...words, '--events', '-'], { env });
  expectEvents(plain.stdout.toString());
  for (const taken of [[...words, '--json'], ['ps'], ['boot'], ['disk', 'create', 'a', '1M', '-n']]) {
    const { status, stdout, stderr } = await eulab([...taken, '--events', '-'], { env });
    expect([taken, status, stdout.toString(), stderr]).toEqual([taken, 2, '', expect.stringContaining('stdout is for what')]);
  }
});

test('a call that fails says so in its last events, with the hint', async () => {
  using here = folder();
  const file = join(here.path, 'events');
  const { status } = await eulab(
    ['-C', here.path, 'pull', 'http://127.0.0.1:9/a.tar', '--sha256', 'a'.repeat(64), '--events', file],
    {
      env: { EULAB_CACHE: join(here.path, 'cache') },
    },
  );
  expect(status).toBe(1);
  const events = expectEvents(readFileSync(file, 'utf8'));
  expect(events.slice(-2)).toMatchObject([
    { kind: 'step-end', step: 1, state: 'failed' },
    { kind: 'end', status: 1, error: { message: expect.stringContaining('127.0.0.1:9'), details: expect.any(Array) } },
  ]);
});

test('a download is told as it comes, a few times a second, up to its end', async () => {
  using here = folder();
  await using web = await site();
  web.pages.set('/big.tar', { body: Buffer.alloc(24 * 2 ** 20) });
  const file = join(here.path, 'events');
  const { status } = await eulab(['-C', here.path, 'pull', `${web.url}/big.tar`, '--sha256', '0'.repeat(64), '--events', file], {
    env: { EULAB_CACHE: join(here.path, 'cache') },
  });
  expect(status).toBe(1);
  const progress = expectEvents(readFileSync(file, 'utf8')).filter(({ kind }) => kind === 'progress');
  expect(progress.at(-1)).toMatchObject({ step: 1, done: 24 * 2 ** 20, total: 24 * 2 ** 20, unit: 'bytes', about: false });
  expect(progress.length).toBeLessThan(60);
});

test.each<[string, string, string, number, string]>([
  ['a full disk', 'exec "$@" --events /dev/full', '/dev/full', 1, 'the disk is full (ENOSPC)'],
  [
    'a reader that has gone',
    'mkfifo f; sleep 9 <f & exec 3>f; kill $!; wait $! 2>/dev/null; exec "$@" --events fd:3',
    'fd:3',
    1,
    'its reader went away',
  ],
  ['a pipe that nobody reads', 'mkfifo f; exec "$@" --events f', 'f', 2, 'nobody reads it'],
  ['a descriptor that is none', 'exec "$@" --events fd:77', 'fd:77', 2, 'there is no such descriptor'],
  ['stderr', 'exec "$@" --events fd:2', 'fd:2', 2, '0 to 2 have their own use'],
])(
  'events that come to %s end the call with what it was, and no build is left half done',
  async (_what, line, target, code, message) => {
    using here = folder();
    const words = ['-c', line, 'sh', process.execPath, bundle, '-C', here.path, ...build];
    const { status, stderr } = await program('bash', words, { cwd: here.path, env: { EULAB_CACHE: join(here.path, 'cache') } });
    expect([status, stderr]).toEqual([code, expect.stringContaining(`eulab: --events ${target}: ${message}`)]);
    expect(stderr).not.toContain('    at ');
  },
);

test('a reader at the other end of a socket that goes away ends the call at once, whatever it waits for', async () => {
  using here = folder();
  await using web = await site();
  web.pages.set('/big.tar', { body: Buffer.alloc(2 ** 20), stallAfter: 1000 });
  const words = ['-C', here.path, 'pull', `${web.url}/big.tar`, '--sha256', '0'.repeat(64), '--events', 'fd:3'];
  const child = spawn(process.execPath, [bundle, ...words], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, EULAB_CONFIG: 'none', EULAB_CACHE: join(here.path, 'cache') },
  });
  const over = ended(child);
  const events = child.stdio[3] as Readable;
  let told = '';
  while (!told.includes('"kind":"progress"')) told += (await once(events, 'data'))[0];
  events.destroy();
  const { status, stderr } = await over;
  expect([status, stderr]).toEqual([1, expect.stringContaining('eulab: --events fd:3: its reader went away')]);
});

test('a result that does not go out to a full disk is no success', async () => {
  const line = 'exec "$@" >/dev/full';
  const { status, stderr } = await program('bash', ['-c', line, 'sh', process.execPath, bundle, 'schema', 'event']);
  expect([status, stderr]).toEqual([1, expect.stringContaining('eulab: stdout cannot be written (ENOSPC)')]);
  expect(stderr).not.toContain('    at ');
});
