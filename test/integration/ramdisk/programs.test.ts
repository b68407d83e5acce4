import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { locate } from '../../../src/exec.ts';
import { layerOf, type Wish } from '../../../src/ramdisk/additions/layer.ts';
import { baseOf } from '../../../src/ramdisk/additions/layout.ts';
import { librariesOf } from '../../../src/ramdisk/additions/libraries.ts';
import { program } from '../../../src/ramdisk/additions/program.ts';
import { dynamicOf } from '../../../src/ramdisk/elf-dynamic.ts';
import { folder } from '../../eulab.ts';
import { requires } from '../../requires.ts';

const empty = { folders: ['bin'], links: [], files: ['bin/sh'] };
const guest = { machine: 'x86_64', base: baseOf(empty) };
const nothing: Wish = {
  add: [],
  overlay: [],
  program: [],
  packages: { said: '', unpacked: [] },
  init: undefined,
  service: [],
  modules: undefined,
  machine: 'x86_64',
};

/** The libraries that the dynamic loader itself finds for a program. */
function byLoader(path: string): string[] {
  const lines = String(execFileSync('ldd', [path])).split('\n');
  return lines
    .flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? [])
    .map((library) => realpathSync(library))
    .sort();
}

function found(path: string): string[] {
  const dynamic = dynamicOf(readFileSync(path), path);
  if (dynamic === undefined) throw new Error(`${path} is no program`);
  return librariesOf(path, dynamic, path)
    .map((library) => realpathSync(library.path))
    .sort();
}

requires(
  'ldd',
  'bash',
  'git',
  'gdb',
  'qemu-system-x86_64',
)('what a program needs is what its loader finds for it', () => {
  for (const name of ['bash', 'git', 'gdb', 'qemu-system-x86_64']) {
    const path = realpathSync(String(locate(name)));
    const libraries = found(path);
    expect(libraries, name).toEqual(byLoader(path));
    expect(libraries.length, name).toBeGreaterThan(2);
  }
});

requires('gcc', 'ldd')('libraries beside a program: $ORIGIN in RUNPATH, and in RPATH for what they need too', () => {
  using here = folder();
  const write = (name: string, text: string) => writeFileSync(join(here.path, name), text);
  const gcc = (...args: string[]) => execFileSync('gcc', args, { cwd: here.path });
  for (const name of ['lib', 'deep']) mkdirSync(join(here.path, name));
  write('deep.c', 'int deep(void) { return 42; }');
  write('near.c', 'int deep(void); int near_by(void) { return deep(); }');
  write('main.c', 'int near_by(void); int main(void) { return near_by(); }');
  gcc('-shared', '-fPIC', '-o', 'deep/libdeep.so', 'deep.c');
  gcc('-shared', '-fPIC', '-o', 'lib/libnear.so', 'near.c', '-Ldeep', '-ldeep');
  const link = (out: string, ...flags: string[]) =>
    gcc('-o', out, 'main.c', '-Llib', '-lnear', '-Wl,--allow-shlib-undefined', ...flags);
  link('by-rpath', '-Wl,--disable-new-dtags', '-Wl,-rpath,$ORIGIN/lib:$ORIGIN/deep');
  link('by-runpath', '-Wl,--enable-new-dtags', `-Wl,-rpath,$\{ORIGIN}/lib:$ORIGIN/deep`);

  const one = join(here.path, 'by-rpath');
  expect(found(one)).toEqual(byLoader(one));
  // DT_RUNPATH is for the program alone: the loader does not find what its library needs, and neither do we.
  const other = join(here.path, 'by-runpath');
  expect(() => program(other, guest)).toThrow(/libnear\.so needs libdeep\.so, which is nowhere on this host/);
});

requires('gcc', 'ldd')('$LIB in RUNPATH is the folder that the C library was configured with; $PLATFORM is the machine', () => {
  using here = folder();
  const gcc = (...args: string[]) => execFileSync('gcc', args, { cwd: here.path });
  const [lib, platform] = ['x/lib/x86_64-linux-gnu', 'y/x86_64'].map((name) => join(here.path, name)) as [string, string];
  for (const name of [lib, platform]) mkdirSync(name, { recursive: true });
  for (const name of ['one', 'two']) writeFileSync(join(here.path, `${name}.c`), `int ${name}(void) { return 21; }`);
  writeFileSync(join(here.path, 'main.c'), 'int one(void), two(void); int main(void) { return one() + two(); }');
  gcc('-shared', '-fPIC', '-o', `${lib}/libone.so`, 'one.c');
  gcc('-shared', '-fPIC', '-o', `${platform}/libtwo.so`, 'two.c');
  const rpath = `-Wl,-rpath,$ORIGIN/x/$LIB:$ORIGIN/y/$\{PLATFORM}:/nowhere/$LIBRARY`;
  gcc('-o', 'main', 'main.c', `-L${lib}`, `-L${platform}`, '-lone', '-ltwo', rpath);
  const main = join(here.path, 'main');
  expect(found(main)).toEqual(byLoader(main));
  expect(found(main)).toContain(realpathSync(join(lib, 'libone.so')));
});

requires('musl-gcc')('a program with musl brings its loader, which is its library', () => {
  using here = folder();
  writeFileSync(join(here.path, 'main.c'), 'int main(void) { return 42; }');
  execFileSync('musl-gcc', ['-o', 'main', 'main.c'], { cwd: here.path });
  const paths = program(join(here.path, 'main'), guest).map(({ entry }) => entry.path);
  expect(paths).toContain('lib/ld-musl-x86_64.so.1');
  expect(paths.filter((path) => path.includes('libc.so'))).toEqual([]);
});

test('a script brings its interpreter where the guest has none at that path', () => {
  using here = folder();
  const script = (name: string, line: string) => {
    writeFileSync(join(here.path, name), `${line}\n`);
    chmodSync(join(here.path, name), 0o755);
    return program(join(here.path, name), guest).map(({ entry }) => entry.path);
  };
  expect(script('guest-has', '#!/bin/sh')).toEqual([join(here.path, 'guest-has').slice(1), 'bin/guest-has']);
  expect(script('host-has', '#!/bin/bash -e')).toContain('usr/bin/bash');
  expect(script('by-name', '#!/usr/bin/env -S bash -e')).toContain('usr/bin/bash');
  expect(() => script('nobody-has', '#!/bin/no-such-shell')).toThrow('neither on this host nor in the guest');
  expect(() => script('text', 'hello')).toThrow('neither a program nor a script');
});

test('what two programs share is there once, what folders share too, and parents are added', async () => {
  const { entries } = await layerOf({ ...nothing, program: ['bash', '/bin/bash', 'ls'] }, empty);
  const paths = entries.map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths.filter((path) => path.endsWith('/libc.so.6'))).toHaveLength(1);
  expect(paths).not.toContain('bin');
  expect(paths.indexOf('lib64')).toBeLessThan(paths.findIndex((path) => path.startsWith('lib64/')));
});

test('a file goes into a folder that the guest has, also through a link, and not in its place', async () => {
  using here = folder();
  const one = join(here.path, 'one');
  writeFileSync(one, '1');
  const linked = { folders: ['usr', 'usr/bin'], links: [['bin', 'usr/bin'] as const], files: [] };
  const places = async (to: string) =>
    (await layerOf({ ...nothing, add: [`${one}:${to}`] }, linked)).entries.map(({ path }) => path);
  expect(await places('/bin')).toEqual(['usr/bin/one']);
  expect(await places('/bin/')).toEqual(['usr/bin/one']);
  expect(await places('/bin/two')).toEqual(['usr/bin/two']);
  expect(await places('/new/')).toEqual(['new', 'new/one']);
});

test('the layer is another when a content is, and the same when nothing changed', async () => {
  using here = folder();
  writeFileSync(join(here.path, 'a'), 'a');
  const layer = () => layerOf({ ...nothing, overlay: [here.path] }, empty);
  const { identity } = await layer();
  expect((await layer()).identity).toBe(identity);
  writeFileSync(join(here.path, 'a'), 'b');
  expect((await layer()).identity).not.toBe(identity);
});
