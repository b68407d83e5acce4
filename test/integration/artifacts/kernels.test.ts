import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kernelFile, kernelFolder } from '../../../src/artifacts/kernel-names.ts';
import { kernelOfKey, useKernel } from '../../../src/artifacts/kernels.ts';
import { stage } from '../../../src/artifacts/store.ts';
import { eulab, folder } from '../../eulab.ts';

let here: ReturnType<typeof folder>;
let artifacts: string;

beforeEach(async () => {
  here = folder();
  artifacts = join(here.path, 'artifacts');
  await made('lab-6.1', 'k1', 'one');
  await made('debug-6.1', 'k2', 'two');
  await useKernel(artifacts, 'lab-6.1');
});
afterEach(() => here[Symbol.dispose]());

async function made(name: string, key: string, text: string, arch = 'x86_64'): Promise<void> {
  await using staging = await stage(kernelFolder(artifacts, name), 'kernel');
  writeFileSync(join(staging.folder, arch === 'x86_64' ? 'bzImage' : 'Image'), text);
  await staging.commit({ key, name, inputs: { version: '6.1', profile: 'lab', arch }, command: 'eulab build kernel' });
}

const call = (...args: string[]) => eulab(['-C', here.path, ...args]);
const used = () => readFileSync(join(artifacts, 'bzImage'), 'utf8');
const listed = async () => JSON.parse((await call('kernels', '--json')).stdout.toString());

test('the list has name, architecture, version, profile, size and which one is in use', async () => {
  expect(await listed()).toMatchObject([
    { name: 'debug-6.1', version: '6.1', bytes: 3, used: false },
    { name: 'lab-6.1', arch: 'x86_64', version: '6.1', profile: 'lab', used: true },
  ]);
  expect((await call('kernels')).stdout.toString()).toMatch(/^\* {2}lab-6.1 +x86_64 +6.1 +lab/m);
});

test('a kernel of another architecture is in use beside the usual one, and is the one that is booted where there is no other', async () => {
  const files = () => ['bzImage', 'arm64/Image'].map((file) => existsSync(join(artifacts, file)));
  await made('lab-6.1-arm64', 'k3', 'three', 'arm64');
  await useKernel(artifacts, 'lab-6.1-arm64');
  expect([used(), readFileSync(join(artifacts, 'arm64/Image'), 'utf8')]).toEqual(['one', 'three']);
  expect((await listed()).map(({ name, used: is }: { name: string; used: boolean }) => [name, is])).toEqual([
    ['debug-6.1', false],
    ['lab-6.1', true],
    ['lab-6.1-arm64', true],
  ]);
  expect([
    kernelFile(artifacts, undefined),
    kernelFile(artifacts, undefined, 'aarch64'),
    kernelFile(artifacts, 'lab-6.1-arm64'),
  ]).toEqual([join(artifacts, 'bzImage'), join(artifacts, 'arm64/Image'), join(artifacts, 'kernels/lab-6.1-arm64/Image')]);
  expect(() => kernelFile(artifacts, undefined, 'riscv64')).toThrow('there is no kernel for riscv64 yet');
  rmSync(join(artifacts, 'bzImage'));
  expect(kernelFile(artifacts, undefined)).toBe(join(artifacts, 'arm64/Image'));
  expect((await call('kernels', 'remove', 'lab-6.1-arm64')).status).toBe(0);
  expect([...files(), existsSync(join(artifacts, 'arm64'))]).toEqual([false, false, false]);
});

test('another one is put in use, and found by its key', async () => {
  expect((await call('kernels', 'use', 'debug-6.1')).status).toBe(0);
  expect(used()).toBe('two');
  expect(await kernelOfKey(artifacts, 'k1', { name: undefined })).toBe('lab-6.1');
  expect(await kernelOfKey(artifacts, 'k1', { name: 'debug-6.1' })).toBeUndefined();
});

test.each([
  [['kernels', 'use', 'debg-6.1'], 'no kernel "debg-6.1"', 'did you mean debug-6.1?'],
  [['kernels', 'remove', 'lab-6.1'], 'the kernel lab-6.1 is in use', 'eulab kernels use debug-6.1'],
  [['boot', '--kernel', 'lab-6.2', '--', 'true'], 'no kernel "lab-6.2"', 'did you mean lab-6.1?'],
  [['build', 'kernel', '--name', '../x'], "'../x' is invalid", 'is no name'],
])('%j is refused', async (args, what, hint) => {
  const { status, stderr } = await call(...args);
  expect(status, stderr).toBe(2);
  expect(stderr).toContain(what);
  expect(stderr).toContain(hint);
});

test('a kernel of which a file is gone is not put in use; the one in use stays', async () => {
  rmSync(join(kernelFolder(artifacts, 'debug-6.1'), 'bzImage'));
  await expect(useKernel(artifacts, 'debug-6.1')).rejects.toThrow('is not whole');
  expect(used()).toBe('one');
});

test('one is removed, with nothing left of it; clean removes all of them', async () => {
  expect((await call('kernels', 'remove', 'debug-6.1')).status).toBe(0);
  expect(existsSync(kernelFolder(artifacts, 'debug-6.1'))).toBe(false);
  expect(used()).toBe('one');
  await made('lab-6.1-arm64', 'k3', 'three', 'arm64');
  await useKernel(artifacts, 'lab-6.1-arm64');
  expect((await call('clean')).status).toBe(0);
  expect(existsSync(artifacts)).toBe(false);
});
