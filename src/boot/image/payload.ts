import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { bytesOf } from './bytes.ts';
import { compressionNamed } from './compression.ts';
import { elfImage } from './elf-image.ts';
import { openFile } from './file.ts';
import type { CheckedKernel } from './kernel-check.ts';
import { payloadFolder } from './kernel-config.ts';
import type { Payload } from './kernel-image.ts';
import { known } from './known.ts';
import { unlz4 } from './lz4.ts';
import { Unpackable, unpackedBy } from './unpack.ts';

/** The ELF file in a bzImage, unpacked into the cache. */
export interface UnpackedKernel extends Unpacked {
  readonly path: string;
}

interface Unpacked {
  /** QEMU can start it as it is. */
  readonly pvh: boolean;
  /** How far it reaches in the guest's memory, in bytes from 0. */
  readonly reachBytes: number;
}

/** What is kept: the newest, as many and as large. */
const mostKernels = 8;
const mostBytes = 512 * 1024 * 1024;

/**
 * The kernel in a bzImage as an ELF file, unpacked when it is asked for the first time, with the configuration in it (if
 * any) as `config` beside it. Undefined when there is none, or this host cannot unpack or keep it: never an error.
 */
export async function unpackedKernel(kernel: CheckedKernel, cache: string): Promise<UnpackedKernel | undefined> {
  const { payload } = kernel.facts;
  if (payload === undefined) return undefined;
  const folder = payloadFolder(cache, kernel.identity);
  const path = join(folder, 'vmlinux');
  const facts = known<Unpacked>(cache, 'payloads', 1);
  const recalled = facts.recall(kernel.identity);
  if (recalled !== undefined && sizeOf(path) === payload.unpackedBytes) {
    touch(folder);
    return { path, ...recalled };
  }
  const elf = await unpack(kernel.path, payload);
  const found = elf === undefined ? undefined : elfImage(bytesOf(elf));
  if (elf === undefined || elf.length !== payload.unpackedBytes || found?.machine !== 'x86-64') return undefined;
  if (!keep(folder, elf)) return undefined;
  const fact = { pvh: found.pvh, reachBytes: found.reachBytes };
  facts.remember(kernel.identity, fact);
  return { path, ...fact };
}

async function unpack(path: string, { compression, offset, bytes }: Payload): Promise<Uint8Array | undefined> {
  using file = openFile(path, { option: '--kernel', maker: 'eulab build kernel' });
  try {
    if (compression === 'gzip') return gunzipSync(file.at(offset, bytes));
    // The build wrote the length behind the others.
    const data = file.at(offset, bytes - 4);
    if (compression === 'lz4') return unlz4(data);
    const pieces = unpackedBy(
      compressionNamed(compression),
      (async function* () {
        yield data;
      })(),
    );
    if (pieces === undefined) return undefined;
    const parts: Uint8Array[] = [];
    for await (const piece of pieces) parts.push(piece);
    return Buffer.concat(parts);
  } catch (error) {
    const damaged = error instanceof RangeError || error instanceof Unpackable || (error instanceof Error && 'code' in error);
    if (damaged) return undefined;
    throw error;
  }
}

/** Writes the folder, whole or not at all; false when the cache takes nothing. */
function keep(folder: string, elf: Uint8Array): boolean {
  const there = () => sizeOf(join(folder, 'vmlinux')) === elf.length;
  const half = `${folder}.${process.pid}`;
  try {
    mkdirSync(half, { recursive: true });
    writeFileSync(join(half, 'vmlinux'), elf);
    const config = configIn(elf);
    if (config !== undefined) writeFileSync(join(half, 'config'), config);
    // Another boot may have been as quick; its QEMU may be about to read what it wrote.
    if (there()) rmSync(half, { recursive: true });
    else {
      rmSync(folder, { recursive: true, force: true });
      renameSync(half, folder);
    }
    prune(dirname(folder), folder);
    return true;
  } catch {
    rmSync(half, { recursive: true, force: true });
    return there();
  }
}

/** The configuration that CONFIG_IKCONFIG puts into a kernel. @see scripts/extract-ikconfig */
function configIn(elf: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(elf.buffer, elf.byteOffset, elf.byteLength);
  const begin = bytes.indexOf('IKCFG_ST\x1f\x8b', 0, 'latin1');
  const end = begin < 0 ? -1 : bytes.indexOf('IKCFG_ED', begin, 'latin1');
  if (end < 0) return undefined;
  try {
    return gunzipSync(bytes.subarray(begin + 8, end));
  } catch {
    return undefined;
  }
}

/** Removes the oldest beyond the bounds, and what a killed eulab left half written. */
function prune(parent: string, newest: string): void {
  const all = readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((path) => path !== newest)
    .map((path) => ({ path, bytes: sizeOf(join(path, 'vmlinux')) ?? 0, ms: statSync(path).mtimeMs, half: /\.\d+$/.test(path) }))
    .sort((a, b) => b.ms - a.ms);
  let [count, bytes] = [1, sizeOf(join(newest, 'vmlinux')) ?? 0];
  for (const { path, bytes: more, half, ms } of all) {
    if (half && Date.now() - ms < 60_000) continue;
    count += 1;
    bytes += more;
    if (half || count > mostKernels || bytes > mostBytes) rmSync(path, { recursive: true, force: true });
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function touch(folder: string): void {
  const now = new Date();
  try {
    utimesSync(folder, now, now);
  } catch {
    // A cache of somebody else's: it is used as it is.
  }
}
