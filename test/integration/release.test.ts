import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { extract, type Header, pack } from 'tar-stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quote } from '../../src/command.ts';
import { bundle, eulab, folder, root } from '../eulab.ts';
import { onTerminal } from '../terminal.ts';
import { site } from './source/site.ts';

const here = folder();
const work = join(here.path, 'work');
const file = join(work, 'eulab-tiny-1.2.3.tar');
const env = { EULAB_CACHE: join(here.path, 'cache') };
const call = (...args: readonly string[]) => eulab(args, { env, cwd: here.path });

beforeAll(async () => {
  cpSync(join(root, 'test/fixtures/small-kernel'), join(here.path, 'linux'), { recursive: true });
  mkdirSync(work);
  const kernel = ['--source', join(here.path, 'linux/'), '--profile', 'tiny', '--engine', 'host'];
  for (const build of [
    ['kernel', ...kernel],
    ['ramdisk', '--busybox', '/bin/busybox', '--engine', 'host'],
  ]) {
    const { status, stderr } = await call('-C', work, 'build', ...build);
    expect(status, stderr).toBe(0);
  }
  const { status, stderr } = await call('-C', work, 'release');
  expect(status, stderr).toBe(0);
});
afterAll(() => here[Symbol.dispose]());

type Member = readonly [Pick<Header, 'name'> & Partial<Header>, Buffer];

async function membersOf(path: string): Promise<Member[]> {
  const archive = extract();
  archive.end(readFileSync(path));
  const members: Member[] = [];
  for await (const entry of archive) members.push([entry.header, await buffer(entry)]);
  return members;
}

async function archiveOf(members: readonly Member[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of members) archive.entry(header, content);
  archive.finalize();
  return await buffer(archive);
}

/** An empty workspace. */
function another(name: string): string {
  const path = join(here.path, name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}

/** What is in artifacts/, without what is there only while something works. */
const there = (path: string) =>
  existsSync(join(path, 'artifacts')) ? readdirSync(join(path, 'artifacts'), { recursive: true }) : [];

test('a release is a tar archive with digests inside and beside, a bill of materials, and the same bytes each time', async () => {
  const members = await membersOf(file);
  expect(members.map(([{ name }]) => name)).toEqual([
    'SHA256SUMS',
    'bzImage',
    'config',
    expect.stringMatching(/^initramfs\.cpio/),
    'kernel.provenance.json',
    'ramdisk.provenance.json',
    'sbom.cdx.json',
  ]);
  for (const [{ mtime, uid, gid, mode }] of members) expect([mtime?.getTime(), uid, gid, mode]).toEqual([0, 0, 0, 0o644]);
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
  expect(readFileSync(`${file}.sha256`, 'utf8')).toBe(`${digest}  eulab-tiny-1.2.3.tar\n`);
  const bill = JSON.parse(String(members.at(-1)?.[1]));
  expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
  const names = bill.components.map(({ name, scope }: { name: string; scope?: string }) => `${name} ${scope ?? ''}`);
  expect(names).toEqual(expect.arrayContaining(['linux ', '/bin/busybox ', 'gcc excluded']));
  const again = await call('-C', work, 'release', '--output', 'again.tar');
  expect(again.status, again.stderr).toBe(0);
  expect(readFileSync(join(here.path, 'again.tar')).equals(readFileSync(file))).toBe(true);
});

test('pulled from a file, kernel and ramdisk are in place as they were built; again there is nothing to do; nobody is displaced', async () => {
  const path = another('pulled');
  const { status, stderr } = await call('-C', path, 'pull', file);
  expect(status, stderr).toBe(0);
  for (const name of ['bzImage', 'config', 'kernel.provenance.json', 'kernels/tiny-1.2.3/bzImage', 'ramdisk.provenance.json']) {
    expect(readFileSync(join(path, 'artifacts', name)).equals(readFileSync(join(work, 'artifacts', name))), name).toBe(true);
  }
  const again = await call('-C', path, 'pull', file);
  expect([again.status, again.stderr]).toEqual([0, expect.not.stringContaining('checking')]);
  const list = await call('-C', path, 'kernels', '--json');
  expect(JSON.parse(String(list.stdout))).toMatchObject([{ name: 'tiny-1.2.3', version: '1.2.3', profile: 'tiny', used: true }]);

  // A kernel of the user's own has that name.
  const other = another('other');
  const own = ['--source', join(here.path, 'linux/'), '--profile', 'tiny', '--set', 'CONFIG_OWN=y', '--lenient'];
  cpSync(join(here.path, 'linux/init/version.c'), join(here.path, 'version.c'));
  writeFileSync(join(here.path, 'linux/init/version.c'), 'const char version[] = "my own";\n');
  const built = await call('-C', other, 'build', 'kernel', ...own, '--engine', 'host');
  cpSync(join(here.path, 'version.c'), join(here.path, 'linux/init/version.c'));
  expect(built.status, built.stderr).toBe(0);
  const refused = await call('-C', other, 'pull', file);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('there is another kernel tiny-1.2.3')]);
  const named = await call('-C', other, 'pull', file, '--name', 'theirs');
  expect(named.status, named.stderr).toBe(0);
  expect(there(other)).toEqual(expect.arrayContaining(['kernels/theirs/bzImage', 'kernels/tiny-1.2.3/bzImage']));
});

test('from an address: by the digest that lies beside it, or by the one that is said; a cut download goes on', async () => {
  await using web = await site();
  const bytes = readFileSync(file);
  const digest = createHash('sha256').update(bytes).digest('hex');
  web.pages.set('/a/r.tar', { body: bytes, etag: '"1"' });
  const cache = { EULAB_CACHE: join(here.path, 'fresh') };
  const pull = (path: string, ...args: readonly string[]) =>
    eulab(['-C', path, 'pull', `${web.url}/a/r.tar`, ...args], { env: cache, cwd: here.path });
  const path = another('web');
  const unknown = await pull(path);
  expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringMatching(/digest of .* is not known[\s\S]*--sha256 HEX/)]);
  const wrong = await pull(path, '--sha256', 'a'.repeat(64));
  expect(wrong.status).toBe(1);
  expect(there(path)).toEqual([]);
  web.pages.set('/a/r.tar.sha256', { body: `${digest}  r.tar\n` });
  web.pages.set('/b/r.tar', { body: bytes, etag: '"2"', cutAfter: 100_000 });
  web.pages.set('/b/r.tar.sha256', { body: `${digest}  r.tar\n` });
  const cut = await eulab(['-C', path, 'pull', `${web.url}/b/r.tar`], { env: cache });
  expect([cut.status, cut.stderr]).toEqual([1, expect.stringContaining('it continues where it was cut')]);
  expect(there(path)).toEqual([]);
  const goesOn = await eulab(['-C', path, 'pull', `${web.url}/b/r.tar`], { env: cache });
  expect(goesOn.status, goesOn.stderr).toBe(0);
  expect(web.hits.filter((hit) => hit.path === '/b/r.tar').map(({ range }) => range)).toEqual([undefined, 'bytes=100000-']);
  expect(there(path)).toContain('bzImage');

  const said = another('said');
  expect((await pull(said, '--sha256', digest.toUpperCase())).status).toBe(0);
  const gone = await eulab(['-C', another('gone'), 'pull', 'http://127.0.0.1:1/r.tar', '--sha256', 'b'.repeat(64)], {
    env: cache,
  });
  expect([gone.status, gone.stderr]).toEqual([1, expect.stringContaining('http://127.0.0.1:1/r.tar')]);
});

const bzImage = (members: readonly Member[]) => members.find(([{ name }]) => name === 'bzImage') as Member;

/** What somebody may make of a release, and what is said of it. */
const hostile: readonly (readonly [string, (members: readonly Member[]) => readonly Member[], RegExp])[] = [
  ['a path that leads out', (all) => [...all, [{ name: '../../evil' }, Buffer.from('x')]], /has no place in a release/],
  ['an absolute path', (all) => [...all, [{ name: '/tmp/evil' }, Buffer.from('x')]], /has no place in a release/],
  [
    'a symbolic link',
    (all) => [[{ name: 'config', type: 'symlink', linkname: '/etc/passwd' }, Buffer.alloc(0)], ...all],
    /is a symlink/,
  ],
  ['a hard link', (all) => [[{ name: 'config', type: 'link', linkname: '/etc/passwd' }, Buffer.alloc(0)], ...all], /is a link/],
  ['a device', (all) => [...all, [{ name: 'config', type: 'character-device' }, Buffer.alloc(0)]], /is a character-device/],
  ['a manifest', (all) => [...all, [{ name: 'kernel.manifest.json' }, Buffer.from('{}')]], /has no place in a release/],
  ['a member twice', (all) => [...all, bzImage(all)], /"bzImage" is in it twice/],
  [
    'another kernel',
    (all) => all.map((one) => (one === bzImage(all) ? [{ name: 'bzImage' }, Buffer.from('evil')] : one)),
    /bzImage has not the digest/,
  ],
  ['no list of digests', (all) => all.slice(1), /it has no SHA256SUMS/],
  ['no kernel', (all) => all.filter((one) => one !== bzImage(all)), /it has no bzImage/],
  [
    'another kernel with its digest in the list',
    (all) => {
      const evil = Buffer.from('evil');
      const [list, was] = [all[0] as Member, bzImage(all)];
      const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
      const text = String(list[1]).replace(hash(was[1]), hash(evil));
      return [
        [{ name: 'SHA256SUMS' }, Buffer.from(text)],
        ...all.slice(1).map((one): Member => (one === was ? [{ name: 'bzImage' }, evil] : one)),
      ];
    },
    /bzImage is not what its record says was built/,
  ],
];

test.each(hostile)('%s is refused, and nothing is written', async (_what, change, said) => {
  const path = another('hostile');
  // Headers without their lengths: those are of the contents.
  const members = (await membersOf(file)).map(([{ name }, content]): Member => [{ name }, content]);
  writeFileSync(join(here.path, 'hostile.tar'), await archiveOf(change(members)));
  const { status, stderr } = await call('-C', path, 'pull', 'hostile.tar');
  expect([status, stderr]).toEqual([1, expect.stringMatching(said)]);
  expect(there(path)).toEqual([]);
  expect(existsSync('/tmp/evil') || existsSync(join(here.path, 'evil'))).toBe(false);
});

test.each([
  ['is cut', (bytes: Buffer) => bytes.subarray(0, 60_000), /it is cut short/],
  ['is no archive', () => Buffer.from('no archive at all'.repeat(100)), /it is no tar archive/],
  ['says an enormous size', (bytes: Buffer) => enormous(bytes), /it is larger than/],
])('a file that %s is refused, and nothing is written', async (_what, change, said) => {
  const path = another('broken');
  writeFileSync(join(here.path, 'broken.tar'), change(readFileSync(file)));
  const { status, stderr } = await call('-C', path, 'pull', 'broken.tar');
  expect([status, stderr]).toEqual([1, expect.stringMatching(said)]);
  expect(there(path)).toEqual([]);
});

/** The first member says that it has 7 GiB. @see tar(5) */
function enormous(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.write('70000000000\0', 124, 'latin1');
  copy.fill(' ', 148, 156);
  const sum = copy.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return copy;
}

test('what cannot be released or pulled is refused with status 2', async () => {
  const path = another('empty');
  const calls = [
    [['release'], /there is no kernel in/],
    [['release', '--name', 'none'], /no kernel "none"/],
    [['pull', 'no-such.tar'], /there is no such file[\s\S]*eulab release/],
    [['pull', 'ftp://host/x.tar'], /is no address of http or https/],
    [['pull', file, '--sha256', '123'], /is no SHA-256 digest/],
    [['pull'], /missing required argument/],
  ] as const;
  for (const [args, said] of calls) {
    const { status, stderr } = await call('-C', path, ...args);
    expect([status, stderr], args.join(' ')).toEqual([2, expect.stringMatching(said)]);
  }
  const wrong = await call('-C', path, 'pull', file, '--sha256', 'a'.repeat(64));
  expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('by --sha256 it is aaaa')]);
  expect(there(path)).toEqual([]);
});

test('on a terminal the step that fails is marked as one, and one that is done as done', async () => {
  const line = (to: string) => [process.execPath, bundle, '-C', work, 'release', '--output', to].map(quote).join(' ');
  const shown = (to: string) =>
    onTerminal(`stty cols 200; EULAB_CACHE=${quote(env.EULAB_CACHE)} ${line(to)}; echo "status=$?"`, []);
  const nowhere = join(here.path, 'nowhere/a.tar');
  const failed = await shown(nowhere);
  expect(failed).toContain(`✖ writing ${nowhere}`);
  expect(failed).not.toContain('✔');
  const again = join(here.path, 'again.tar');
  expect(await shown(again)).toContain(`✔ writing ${again}`);
});
