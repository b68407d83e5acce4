import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { eulab, folder, root } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

// A module outside of the kernel's tree, in a folder of the user's, for the kernel in use.
const here = folder();
afterAll(() => here[Symbol.dispose]());
const hello = join(here.path, 'hello');
const source = join(root, 'test/fixtures/hello');
const ko = join(root, 'artifacts/extra/hello.ko');

test('two commands build a module and load it in the guest, by a container and by the host’s own tools', {
  timeout: 300_000,
}, async () => {
  cpSync(source, hello, { recursive: true });
  for (const [engine, whom, ...options] of [
    ['auto', 'you'],
    // The same one, by the options that it was built with.
    ['host', 'them', '--profile', 'lab'],
  ] as const) {
    rmSync(ko, { force: true });
    const built = await eulab(['build', 'kernel', '--engine', engine, ...options, '--', `M=${hello}`, 'modules']);
    expect([built.status, built.stdout.toString()], built.stderr).toEqual([0, '']);
    expect(built.stderr).toMatch(/^eulab: to load it: eulab boot --module artifacts\/extra\/hello\.ko$/m);
    const look = 'cat /sys/module/hello/parameters/whom; dmesg | grep -q "hello: hello, $0" && rmmod hello && exit 42';
    const loaded = await eulab(['boot', '--module', `artifacts/extra/hello.ko whom=${whom}`, '--', 'sh', '-c', look, whom]);
    expect([loaded.status, loaded.stdout.toString()], loaded.stderr).toEqual([42, `${whom}\n`]);
    expect(readdirSync(hello).sort()).toEqual(readdirSync(source).sort());
  }
});

test('an error of the compiler has the user’s own path and line; what was built before stays', async () => {
  const before = readFileSync(ko);
  const text = readFileSync(join(source, 'hello.c'), 'utf8');
  writeFileSync(join(hello, 'hello.c'), `${text}int broken(void) { return nowhere; }\n`);
  const { status, stderr } = await eulab(['build', 'kernel', '--engine', 'host', '--', `M=${hello}`]);
  const line = text.split('\n').length;
  expect(status).toBe(1);
  const end = stderr.trimEnd().split('\n').slice(-10).join('\n');
  expect(end).toMatch(new RegExp(`^ {2}\\| ${hello}/hello\\.c:${line}:\\d+: error: .*nowhere`, 'm'));
  expect(stderr).toContain(`\n${hello}/hello.c: In function `);
  expect(readFileSync(ko).equals(before)).toBe(true);
});

test('a module that this kernel would not take is refused before QEMU starts, with what each of them says', async () => {
  const bytes = readFileSync(ko).toString('latin1').replace(' SMP mod_unload', ' preempt mod_un');
  const other = join(here.path, 'other.ko');
  writeFileSync(other, bytes, 'latin1');
  const { status, stderr } = await eulab(['boot', '--qemu', '/bin/false', '--module', other, '--', 'true']);
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/is for Linux "\S+ preempt mod_un", and the kernel is "\S+ SMP mod_unload"/),
  ]);
});

test.each([
  ['a folder that is not there', ['M=/no/such'], 'M=/no/such: there is no such folder'],
  ['a folder that is no module', [`M=${root}/test/fixtures/boot`], 'has neither Kbuild nor Makefile'],
  ['what would lead elsewhere', [`M=${source}`, 'O=/tmp'], 'O=/tmp: the folders are chosen by eulab'],
])('%s is refused', async (_, words, message) => {
  const { status, stderr } = await eulab(['build', 'kernel', '--', ...words]);
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('a module for a kernel that was not built is refused, with the call that builds it', async () => {
  const { status, stderr } = await eulab(['build', 'kernel', '--set', 'CONFIG_KASAN=y', '--', `M=${source}`]);
  expect([status, stderr]).toEqual([
    2,
    expect.stringMatching(/^ {2}hint: build it first: eulab build kernel --set CONFIG_KASAN=y$/m),
  ]);
});
