import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { show } from '../../../src/command.ts';
import { isObject, onHost } from '../../../src/container/engine.ts';
import { firstError, hits, isFull, jobs, type KernelBuild } from '../../../src/kernel/plan.ts';
import { profile } from '../../../src/kernel/profile.ts';
import { root } from '../../eulab.ts';

const build: KernelBuild = {
  source: '/src/linux',
  objects: '/cache/obj',
  ccache: '/cache/ccache',
  profile: profile('defconfig'),
  arch: 'x86_64',
  toolchain: 'gcc',
  fragment: '/cache/obj/eulab.config',
  jobs: 4,
  epoch: 0,
};
const { configure, compile } = jobs(build);

test('the two steps differ in nothing else', () => {
  expect({ ...compile.env, STEP: 'config' }).toEqual(configure.env);
  expect(compile.mounts).toEqual(configure.mounts);
});

test('on the host', () => {
  expect(show(onHost(compile, '/eulab'))).toMatchInlineSnapshot(
    `"env SRC=/src/linux OBJ=/cache/obj MACHINE=x86_64 TOOLCHAIN=gcc BASE='defconfig kvm_guest.config' FRAGMENT=/cache/obj/eulab.config JOBS=4 CCACHE_DIR=/cache/ccache SOURCE_DATE_EPOCH=0 STEP=build sh /eulab/utils/kernel/build"`,
  );
});

test('another architecture, and another compiler, are said to the script and to the Dockerfile', () => {
  const { env } = jobs({ ...build, arch: 'riscv64', toolchain: 'llvm' }).target;
  expect(env).toMatchObject({ MACHINE: 'riscv64', TOOLCHAIN: 'llvm', STEP: 'target' });
  const known = readFileSync(join(root, 'Dockerfile.kernel'), 'utf8');
  expect(Object.keys(env).filter((name) => !new RegExp(`^ARG ${name}(=|$)`, 'm').test(known))).toEqual([]);
});

test.each([
  ['  CC      init/main.o', true],
  ['  LD      vmlinux', true],
  ['  CC [M]  fs/x.o', true],
  ['make[1]: Entering directory', false],
  ['  warning: something', false],
])('%j stands for an object: %s', (line, object) => {
  expect(isObject(line)).toBe(object);
});

test('the first error of a log, not its last line', () => {
  const log = [
    '  CC      init/main.o',
    "init/main.c:5:1: error: expected ';'",
    '    5 | x',
    'make[2]: *** [Makefile:1: init/main.o] Error 1',
    ...Array(20).fill('  CC other.o'),
    'make: *** [Makefile:234: __sub-make] Error 2',
  ];
  expect(firstError(log).slice(0, 2)).toEqual(["init/main.c:5:1: error: expected ';'", '    5 | x']);
  expect(firstError(['a', 'b'])).toEqual(['a', 'b']);
});

test('an unknown profile names the known ones', () => {
  expect(() => profile('labb')).toThrow("there is no kernel profile 'labb'");
});

test('what ccache found, by its log', () => {
  const log =
    '# init/main.c\ncache_miss\ndirect_cache_miss\n# a.c\ndirect_cache_hit\n# b.c\npreprocessed_cache_hit\n# v.c\ncalled_for_link\n# /dev/null\ndirect_cache_hit\n# \ndirect_cache_hit\n';
  expect(hits(log)).toBe('ccache had 2 of 3 objects (66 %)');
  expect(hits('')).toBeUndefined();
});

test('a full disk is told from other errors', () => {
  expect(isFull(['/bin/ld: final link failed: No space left on device'])).toBe(true);
  expect(isFull(["init/main.c:5:1: error: expected ';'"])).toBe(false);
});
