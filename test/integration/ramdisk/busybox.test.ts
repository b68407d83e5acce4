import { execFileSync } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { expect } from 'vitest';
import { applets } from '../../../src/ramdisk/applets.ts';
import { elf } from '../../../src/ramdisk/elf.ts';
import { requires } from '../../requires.ts';

const path = execFileSync('sh', ['-c', 'command -v busybox || true'], { encoding: 'utf8' }).trim();

requires('busybox')('the applets found in the binary are those that it lists itself', async () => {
  const list = execFileSync('busybox', ['--list'], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(applets(await readFile(path), path)).toEqual(list);
});

requires('busybox')('a static busybox and a program with a loader are told apart', async () => {
  expect(elf(await readFile(path), path)).toMatchObject({ static: true, interpreter: undefined });
  const node = await realpath(process.execPath);
  expect(elf(await readFile(node), node)).toMatchObject({ static: false, interpreter: expect.stringMatching(/^\/.*ld-/) });
});
