import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Docker, docker } from '../docker.ts';
import { ended, eulab, folder, processesWith, program, root, started } from '../eulab.ts';
import { has, requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

// With it come the images.
artifacts('ramdisk');

const needs = ['root', 'unshare', 'flock', 'buildah', 'docker-compose', 'podman-compose', 'podman', '/bin/busybox'];
const usual = requires(...needs);

const small = folder();

let daemon: Docker | undefined;
let why = '';
beforeAll(async () => {
  cpSync(join(root, 'test/fixtures/small-kernel'), small.path, { recursive: true });
  if (!has(...needs)) return;
  daemon = await docker().catch((error: Error) => {
    if (process.env['CI'] === 'true') throw error;
    why = error.message;
    return undefined;
  });
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  small[Symbol.dispose]();
});

/** A test that is skipped where no dockerd can be started, with what it said. */
const test = (name: string, body: () => Promise<void>) => {
  const limitMs = 600_000;
  usual(
    name,
    async ({ skip }) => {
      if (why !== '') skip(why);
      await body();
    },
    limitMs,
  );
};

/** No daemon is there. */
const nowhere = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };

/** What an engine makes of the same inputs: the digests of all files, what compiled them, and what was said. */
async function built(engine: string, env: Record<string, string>) {
  using here = folder();
  const products = { ramdisk: ['--busybox', '/bin/busybox'], kernel: ['--source', join(small.path, '/'), '--profile', 'tiny'] };
  const made = { digests: {} as Record<string, string>, programs: {} as Record<string, object>, engine: '', stderr: '' };
  for (const [product, args] of Object.entries(products)) {
    const call = ['-C', here.path, 'build', product, ...args, '--engine', engine];
    const { status, stderr } = await eulab(call, { env: { ...env, EULAB_CACHE: join(here.path, 'cache') } });
    expect(status, stderr).toBe(0);
    const read = (name: string) => JSON.parse(readFileSync(join(here.path, 'artifacts', `${product}.${name}.json`), 'utf8'));
    const { files, inputs } = read('manifest');
    for (const { path, sha256 } of files) if (!path.endsWith('.provenance.json')) made.digests[path] = sha256;
    const { buildDefinition } = read('provenance').predicate;
    made.programs[product] = buildDefinition.internalParameters.programs;
    made.engine = inputs.engine;
    made.stderr += stderr;
  }
  return made;
}

test('every engine gives the same bytes: podman, buildah, docker with and without BuildKit, compose on both, the host', async () => {
  const { digests, programs } = await built('host', nowhere);
  expect(Object.keys(digests).sort()).toEqual(['System.map', 'bzImage', 'config', 'initramfs.cpio.gz', 'vmlinux']);
  /** Where this machine has other programs than the image, the record names them, and the bytes may be others. */
  let first: { readonly digests: object; readonly programs: object } | undefined;
  const same = (found: Awaited<ReturnType<typeof built>>, engine: string) => {
    first ??= found;
    expect(found).toMatchObject({ digests: first.digests, programs: first.programs, engine });
  };
  const env = { ...daemon?.env };
  const ways = [
    ['podman', nowhere],
    ['buildah', nowhere],
    ['docker', { ...env, DOCKER_BUILDKIT: '0' }],
    ['compose', env],
    ['compose', nowhere],
  ] as const;
  for (const [engine, how] of ways) same(await built(engine, how), engine);
  // A podman that does not work: the next engine is taken, and it is said why.
  using here = folder();
  writeFileSync(join(here.path, 'podman'), '#!/bin/sh\necho "Error: the store is broken" >&2\nexit 125\n', { mode: 0o755 });
  const PATH = `${here.path}${delimiter}${env.PATH}`;
  const found = await built('auto', { ...env, PATH, DOCKER_BUILDKIT: '1' });
  same(found, 'docker');
  expect(found.stderr).toMatch(
    /building with docker 20\.\S+, with BuildKit, at unix:\S+; podman does not work: Error: the store is broken/,
  );
  if (JSON.stringify(programs) === JSON.stringify(first?.programs)) expect(first?.digests).toEqual(digests);
});

test('a failure that podman-compose hides behind status 0 is found, and nothing is taken for its result', async () => {
  using here = folder();
  for (const name of ['dist', 'utils', 'package.json', '.dockerignore', 'Dockerfile.ramdisk']) {
    cpSync(join(root, name), join(here.path, name), { recursive: true });
  }
  appendFileSync(join(here.path, 'utils/agent/agent.c'), 'int broken(void) { return nowhere; }\n');
  const work = join(here.path, 'work');
  mkdirSync(work);
  const args = ['-C', work, 'build', 'ramdisk', '--busybox', '/bin/busybox', '--engine', 'compose'];
  const call = [join(here.path, 'dist/eulab.mjs'), ...args];
  const env = { ...nowhere, EULAB_CACHE: join(here.path, 'cache') };
  const { status, stderr } = await program(process.execPath, call, { env });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/agent\.c:\d+:\d+: error: /)]);
  expect(stderr).toContain('podman-compose said that it was done, and was not');
  expect(readdirSync(join(work, 'artifacts'))).toEqual([]);
});

test('ctrl-C and kill -9 in a build leave no process, no container and no file, whatever the engine', async () => {
  using tree = folder();
  cpSync(small.path, tree.path, { recursive: true });
  const rules = readFileSync(join(tree.path, 'Makefile'), 'utf8');
  writeFileSync(join(tree.path, 'Makefile'), rules.replace('@$(CC)', '@tail -f /dev/null; $(CC)'));
  const containers = async (engine: string, env: Record<string, string>) => {
    const file = engine === 'docker' ? 'docker' : 'podman';
    const args = ['ps', '--all', '--quiet', ...(engine === 'docker' ? [] : ['--external'])];
    return (await program(file, args, { env })).stdout.toString();
  };
  for (const [engine, how] of [
    ['podman', nowhere],
    ['buildah', nowhere],
    ['docker', { ...daemon?.env }],
  ] as const) {
    const before = await containers(engine, how);
    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGKILL', 137],
    ] as const) {
      using here = folder();
      const args = ['-C', here.path, 'build', 'kernel', '--source', join(tree.path, '/'), '--profile', 'tiny'];
      const env = { ...how, EULAB_CACHE: join(here.path, 'cache') };
      const child = started([...args, '--engine', engine, '--verbose'], { env });
      const lines = createInterface({ input: child.stderr as NonNullable<typeof child.stderr> });
      for await (const line of lines) if (/^ {2}CC {6}/.test(line)) break;
      child.kill(signal);
      expect([engine, (await ended(child)).status]).toEqual([engine, status]);
      // What is killed has nobody left who waits for the end of it.
      const limitMs = performance.now() + 30_000;
      const isLeft = async () => processesWith(here.path).length > 0 || (await containers(engine, how)) !== before;
      while ((await isLeft()) && performance.now() < limitMs);
      expect([engine, processesWith(here.path), await containers(engine, how)]).toEqual([engine, [], before]);
      expect(readdirSync(join(here.path, 'artifacts')).filter((name) => !name.startsWith('.'))).toEqual([]);
    }
  }
});

test('an engine that is down is one message; the list of engines says why each does not work', async () => {
  const { status, stderr } = await eulab(['build', 'ramdisk', '--engine', 'docker', '--force'], { env: nowhere });
  expect([status, stderr]).toEqual([
    3,
    expect.stringMatching(/^eulab: docker does not work here: .*unix:\/\/\/nowhere\/docker\.sock/),
  ]);
  // With what to do, and which line of the doctor says more.
  expect(stderr.trimEnd().split('\n')).toHaveLength(3);
});
