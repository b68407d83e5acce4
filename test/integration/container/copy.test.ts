import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  giving,
  listingName,
  markName,
  type Packer,
  receiving,
  removing,
  sending,
  strange,
  taking,
} from '../../../src/container/copy.ts';
import { saidStatus } from '../../../src/container/ending.ts';
import { piped, read } from '../../../src/exec.ts';
import { folder, program } from '../../eulab.ts';
import { requires } from '../../requires.ts';

const nulled = (words: readonly string[]) => words.map((word) => `${word}\0`).join('');

/** A folder, its copy, and what goes between them as it does between this machine and a container's. */
function pair(packer: Packer) {
  const here = folder();
  const at = (path: string) => join(here.path, path);
  for (const name of ['ours', 'theirs']) mkdirSync(at(name));
  const send = async (paths: readonly string[], how: { anew: boolean; mark?: string; removed?: readonly string[] }) => {
    const { anew, mark = 'one', removed = [] } = how;
    const ends = (work: Promise<string>) => work.then(saidStatus, (error: Error) => error.message);
    if (removed.length > 0) {
      const remove = { file: 'sh', args: ['-c', removing(at('theirs'), mark)] };
      expect(await ends(read(remove, { input: nulled(removed) }))).toBe(0);
    }
    writeFileSync(at('list'), nulled(paths));
    const script = taking(at('theirs'), { mark, anew, packer });
    return await ends(piped(sending(at('ours'), { list: at('list'), packer }), { file: 'sh', args: ['-c', script] }));
  };
  const bring = async (known: readonly string[], left?: string) => {
    const script = giving(at('theirs'), { mark: 'one', left, packer });
    await piped({ file: 'sh', args: ['-c', script] }, receiving(at('ours'), packer), { input: nulled(known) });
    const listing = readFileSync(at(`ours/${listingName}`), 'utf8')
      .split('\0')
      .filter((line) => line !== '');
    rmSync(at(`ours/${listingName}`));
    return listing;
  };
  return { at, send, bring, [Symbol.dispose]: () => here[Symbol.dispose]() };
}

for (const packer of ['gzip', 'zstd'] as const) {
  requires(
    'tar',
    packer,
    'flock',
  )(`what is sent is there, what is removed is not, and what is made comes back (${packer})`, async () => {
    using both = pair(packer);
    const { at, send, bring } = both;
    const odd = ' a name, with "quotes" and\na line';
    mkdirSync(at('ours/sub'));
    writeFileSync(at(`ours/${odd}`), 'odd');
    writeFileSync(at('ours/sub/file'), 'one', { mode: 0o755 });
    symlinkSync('sub/file', at('ours/link'));
    writeFileSync(at('theirs/somebody-elses'), '');
    expect(await send([odd, 'sub/file', 'link'], { anew: true })).toBe(0);
    expect(readdirSync(at('theirs')).sort()).toEqual([odd, markName, 'link', 'sub']);
    expect([readFileSync(at(`theirs/${odd}`), 'utf8'), readlinkSync(at('theirs/link'))]).toEqual(['odd', 'sub/file']);
    expect((await program('stat', ['-c', '%a', at('theirs/sub/file')])).stdout.toString()).toBe('755\n');

    // A file in the place of a folder, and the other way round.
    rmSync(at('ours/sub'), { recursive: true });
    writeFileSync(at('ours/sub'), 'a file now');
    rmSync(at('ours/link'));
    mkdirSync(at('ours/link'));
    writeFileSync(at('ours/link/file'), 'in a folder now');
    expect(await send(['sub', 'link/file'], { anew: false, removed: [odd, 'sub/file', 'link'] })).toBe(0);
    expect(readdirSync(at('theirs')).sort()).toEqual([markName, 'link', 'sub']);
    expect(readFileSync(at('theirs/link/file'), 'utf8')).toBe('in a folder now');

    // Another has made it his own meanwhile.
    expect(await send(['sub'], { anew: false, mark: 'two' })).toBe(`sh failed with status ${strange}`);

    mkdirSync(at('theirs/init'));
    writeFileSync(at('theirs/init/main.o'), 'object');
    writeFileSync(at('theirs/vmlinux'), 'kernel');
    const first = await bring([], '\\.o$');
    expect(first.map((line) => line.split('\t')[0])).toEqual(['init/main.o', 'link/file', 'sub', 'vmlinux']);
    expect([readFileSync(at('ours/vmlinux'), 'utf8'), existsSync(at('ours/init'))]).toEqual(['kernel', false]);
    rmSync(at('ours/vmlinux'));
    writeFileSync(at('theirs/sub'), 'changed');
    await bring(first);
    expect([readFileSync(at('ours/sub'), 'utf8'), existsSync(at('ours/vmlinux'))]).toEqual(['changed', false]);
  });
}

test('of two programs that fail the first that did is told of, and neither is left', async () => {
  const fail = (text: string) => ({ file: 'sh', args: ['-c', `echo ${text} >&2; exit 7`] });
  await expect(piped(fail('sender'), { file: 'cat', args: [] })).rejects.toMatchObject({ code: 7, stderr: 'sender' });
  await expect(piped({ file: 'yes', args: [] }, fail('taker'))).rejects.toMatchObject({ code: 7, stderr: 'taker' });
  expect(await piped({ file: 'echo', args: ['a'] }, { file: 'cat', args: [] })).toBe('a');
});
