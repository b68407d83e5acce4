import { randomBytes } from 'node:crypto';
import { character, directory, type Entry, file, symlink } from '../../../src/ramdisk/entry.ts';
import { pack } from '../../../src/ramdisk/pack.ts';

/** A program of its own, so that a test can give it a umask, a time zone, a full disk: packer FILE [MiB [random]]. */
const [out = '', mebibytes = '0', kind] = process.argv.slice(2);

/** As many MiB as were asked for, one at a time. */
async function* long(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < Number(mebibytes); index += 1)
    yield kind === 'random' ? randomBytes(2 ** 20) : new Uint8Array(2 ** 20);
}

const entries: Entry[] = [
  directory('dev'),
  character('dev/console', 5, 1),
  directory('etc', 0o700),
  file('etc/köln', new TextEncoder().encode('grüße\n'), 0o640),
  symlink('etc/link', '../init'),
  file('init', new TextEncoder().encode('#!/bin/sh\n'), 0o755),
  { type: 'file', path: 'large', mode: 0o644, size: Number(mebibytes) * 2 ** 20, data: long() },
];

try {
  const packed = await pack(entries, out, 86_400);
  console.log(JSON.stringify({ ...packed, maxRssKiB: process.resourceUsage().maxRSS }));
} catch (error) {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
