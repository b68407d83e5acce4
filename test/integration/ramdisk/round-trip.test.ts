import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect } from 'vitest';
import { newc } from '../../../src/ramdisk/cpio.ts';
import { directory, type Entry, file, symlink } from '../../../src/ramdisk/entry.ts';
import { bytesOf } from '../../../src/ramdisk/image/bytes.ts';
import { entriesOf } from '../../../src/ramdisk/image/read.ts';
import { tree } from '../../../src/ramdisk/tree.ts';
import { folder } from '../../eulab.ts';
import { requires } from '../../requires.ts';

/** How many random trees; by hand, many more. */
const trees = Number(process.env['EULAB_TREES'] ?? 300);

/** What reads an archive into the current folder, and what packs that folder again. */
const programs = [
  ['cpio', 'cpio -idm --quiet', 'find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --quiet'],
  ['busybox', 'busybox cpio -idm', 'find . -mindepth 1 | LC_ALL=C sort | busybox cpio -o -H newc'],
  ['bsdtar', 'bsdtar -xpf -', 'find . -mindepth 1 | LC_ALL=C sort | bsdtar --format=newc --no-recursion -cf - -T -'],
] as const;

/** Names that a shell, a line or a letter's bytes could be confused by; a line break is beyond `find | cpio`. */
const name = fc
  .oneof(
    fc.constantFrom('a', 'b', 'A', '-', '--help', ' ', "'", '"$(x)', '*', '.hidden', '日本', 'é', 'x'.repeat(200)),
    fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
  )
  .filter((text) => !/[/\\\p{Cc}\p{Cs}]/u.test(text) && text !== '.' && text !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
// The owner reads and writes all: what packs again need not be root.
const mode = fc.constantFrom(0o644, 0o755, 0o600, 0o4755, 0o2711, 0o777, 0o700);
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.tuple(path, fc.uint8Array({ maxLength: 600 }), mode).map(([at, data, bits]) => file(at, data, bits)),
  fc.tuple(path, fc.constantFrom(0o755, 0o700, 0o1777)).map(([at, bits]) => directory(at, bits)),
  fc.tuple(path, path).map(([at, target]) => symlink(at, target)),
);

/** Entries that can be in one tree: no path twice, nothing below what is no folder. */
function possible(entries: readonly Entry[]): Entry[] {
  const taken = new Map<string, Entry['type']>();
  return entries.filter(({ path: at, type }) => {
    const parts = at.split('/');
    const above = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
    if (taken.has(at) || above.some((parent) => (taken.get(parent) ?? 'directory') !== 'directory')) return false;
    for (const parent of above) taken.set(parent, 'directory');
    taken.set(at, type);
    return true;
  });
}

async function read(bytes: Uint8Array): Promise<string[]> {
  const lines: string[] = [];
  for await (const { path: at, mode: bits, target, content } of entriesOf(bytesOf(bytes))) {
    const hash = createHash('sha1');
    for await (const piece of content()) hash.update(piece);
    const link = target === undefined ? hash.digest('hex') : target.toString();
    // A symlink's own permissions are what the host likes.
    lines.push(`${at.replace(/^\.\//, '')} ${target === undefined ? bits.toString(8) : 'link'} ${link}`);
  }
  return lines.toSorted();
}

for (const [program, unpack, pack] of programs) {
  requires(program)(
    `random trees come back from ${program} as they were written`,
    async () => {
      using here = folder();
      const batch = fc
        .sample(fc.array(entry, { maxLength: 14 }), trees)
        .flatMap((entries, index) => [
          directory(`tree-${index}`),
          ...possible(entries).map((one) => ({ ...one, path: `tree-${index}/${one.path}` })),
        ]);
      const archive = await buffer(newc(tree(batch)));
      const before = await read(archive);
      expect(before).toHaveLength(tree(batch).length);
      const at = join(here.path, 'at');
      mkdirSync(at);
      const options = { cwd: at, maxBuffer: 2 ** 30, stdio: 'pipe' as const, env: { ...process.env, LC_ALL: 'C.UTF-8' } };
      execFileSync('sh', ['-c', unpack], { ...options, input: archive });
      expect(await read(execFileSync('sh', ['-c', pack], options))).toEqual(before);
    },
    600_000,
  );
}
