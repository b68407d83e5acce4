import { randomUUID } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder, processesWith, root, scaled } from '../../eulab.ts';

/** One broken machine: what is wrong with it, and how eulab has to name it. */
export interface Broken {
  /** The diagnosis. */
  readonly name: string;
  readonly status: number;
  /** What is wrong, for the report of the tests; the name unless given. */
  readonly what?: string;
  /** Options of `eulab boot`. */
  readonly options?: readonly string[];
  /** Words for the kernel's command line. */
  readonly append?: string;
  /** The lab kernel unless given; the folder is for what has to be written. */
  readonly kernel?: (folder: string) => string;
  /** eulab's own unless given. */
  readonly initrd?: (folder: string) => string | Promise<string>;
  /** More arguments for QEMU, as a shell reads them. */
  readonly qemu?: string;
  /** What runs in the guest; `sleep 60` unless given. */
  readonly command?: readonly string[];
  /** `eulab ramdisk explain` has to warn of it, by the same name. */
  readonly warned?: true;
  /** What has to stand in the cause or in one of the lines that prove it. */
  readonly says?: string;
}

/** The document of --json, as far as these tests look at it. */
interface Document {
  readonly status: number;
  readonly diagnosis: {
    readonly name: string;
    readonly cause: string;
    readonly remedy: string;
    readonly proof: readonly string[];
  };
  readonly phases: readonly { readonly name: string }[];
}

/** A start of a broken machine may take no longer, whatever is wrong with it. */
const longestMs = 15_000;

/** Boots it, really, and expects its name, its status, its end in time, and no QEMU left. */
export async function expectBroken(broken: Broken): Promise<void> {
  using here = folder();
  const mark = `mark=${randomUUID()}`;
  const file = join(here.path, 'outcome.json');
  writeFileSync(file, 'that of an earlier boot');
  const kernel = broken.kernel?.(here.path) ?? join(root, 'artifacts/bzImage');
  const initrd = (await broken.initrd?.(here.path)) ?? join(root, 'artifacts/initramfs.cpio.gz');
  if (broken.warned === true) expect((await warningsOf(initrd)).map(({ name }) => name)).toContain(broken.name);
  const qemu = broken.qemu === undefined ? [] : ['--qemu', wrapper(here.path, broken.qemu)];
  // What eulab could tell from the files alone is another's to test: here the kernel itself has to fail on them.
  const machine = [
    '--accel',
    'tcg',
    '--net',
    'none',
    '--no-check',
    '--kernel',
    kernel,
    '--initrd',
    initrd,
    ...qemu,
    '--json',
    file,
  ];
  const words = ['--append', mark, ...(broken.append === undefined ? [] : ['--append', broken.append])];
  const command = broken.command ?? ['sleep', '60'];
  const startedMs = performance.now();
  const said = await eulab(['boot', ...machine, ...words, ...(broken.options ?? []), '--', ...command]);
  const tookMs = performance.now() - startedMs;
  const { diagnosis, status } = JSON.parse(readFileSync(file, 'utf8')) as Document;
  expect({ name: diagnosis?.name, status: said.status, left: processesWith(mark) }, said.stderr).toEqual({
    name: broken.name,
    status: broken.status,
    left: [],
  });
  expect(status).toBe(said.status);
  expect(readdirSync(here.path).filter((name) => name.includes('outcome'))).toEqual(['outcome.json']);
  expect(said.stderr).toContain(diagnosis.cause);
  if (broken.says !== undefined) expect([diagnosis.cause, ...diagnosis.proof].join('\n')).toContain(broken.says);
  expect(tookMs).toBeLessThan(await scaled(longestMs));
}

/** What `eulab ramdisk explain` says of an image. */
async function warningsOf(initrd: string): Promise<readonly { readonly name: string }[]> {
  const said = await eulab(['ramdisk', 'explain', '--json', initrd]);
  return JSON.parse(said.stdout.toString()).warnings;
}

/** A test of each, two at a time: half of such a boot is waiting for what does not come. */
export function everyBroken(table: readonly Broken[]): void {
  for (const row of table) {
    test.concurrent(row.what === undefined ? row.name : `${row.name}: ${row.what}`, () => expectBroken(row));
  }
}

/** QEMU with more arguments behind those that eulab gives it: the later one counts. */
function wrapper(folder: string, args: string): string {
  return stand(folder, `exec qemu-system-x86_64 "$@" ${args}`);
}

/** A program in QEMU's place: it knows QEMU's version, and is started as a machine in its own way. */
export function stand(folder: string, script: string): string {
  const file = join(folder, 'qemu');
  writeFileSync(file, `#!/bin/sh\ncase $* in\n-version) exec qemu-system-x86_64 -version ;;\nesac\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}
