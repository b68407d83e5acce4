import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Docker, docker } from '../docker.ts';
import { ended, eulab, folder, program, root, started } from '../eulab.ts';
import { has, requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const needs = ['root', 'unshare', 'flock', 'buildah', 'docker-compose', 'podman-compose', 'podman', '/bin/busybox'];
const usual = requires(...needs);

let daemon: Docker | undefined;
let why = '';
beforeAll(async () => {
  if (!has(...needs)) return;
  daemon = await docker().catch((error: Error) => {
    if (process.env['CI'] === 'true') throw error;
    why = error.message;
    return undefined;
  });
});
afterAll(() => daemon?.[Symbol.asyncDispose]());

/** A test that is skipped where no dockerd can be started, with what it said. */
const test = (name: string, body: () => Promise<void>) =>
  usual(name, async ({ skip }) => {
    if (why !== '') skip(why);
    await body();
  });

/** No daemon is there. */
const nowhere = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };

/** What an engine makes of the same inputs: the image's digest, and what was said. A file is compiled in it. */
async function built(engine: string, env: Record<string, string>) {
  using here = folder();
  const args = ['-C', here.path, 'build', 'ramdisk', '--busybox', '/bin/busybox', '--engine', engine];
  const { status, stderr } = await eulab(args, { env: { ...env, EULAB_CACHE: join(here.path, 'cache') } });
  expect(status, stderr).toBe(0);
  const { files, inputs } = JSON.parse(readFileSync(join(here.path, 'artifacts/ramdisk.manifest.json'), 'utf8'));
  return { digest: files[0].sha256, engine: inputs.engine, stderr };
}

test('every engine gives the same bytes: buildah, docker with and without BuildKit, compose on docker and on podman', async () => {
  const { digest } = await built('host', nowhere);
  const env = { ...daemon?.env };
  const ways = [
    ['buildah', nowhere],
    ['docker', { ...env, DOCKER_BUILDKIT: '0' }],
    ['compose', env],
    ['compose', nowhere],
  ] as const;
  for (const [engine, how] of ways) expect(await built(engine, how), engine).toMatchObject({ digest, engine });
  // A podman that does not work: the next engine is taken, and it is said why.
  using here = folder();
  writeFileSync(join(here.path, 'podman'), '#!/bin/sh\necho "Error: the store is broken" >&2\nexit 125\n', { mode: 0o755 });
  const PATH = `${here.path}${delimiter}${env.PATH}`;
  const found = await built('auto', { ...env, PATH, DOCKER_BUILDKIT: '1' });
  expect(found).toMatchObject({ digest, engine: 'docker' });
  expect(found.stderr).toMatch(/building with docker 20\.\S+, with BuildKit; podman does not work: Error: the store is broken/);
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

test('ctrl-C in a build by docker leaves no container and no file', async () => {
  using here = folder();
  const env = { ...daemon?.env };
  const child = started(['-C', here.path, 'build', 'ramdisk', '--engine', 'docker', '--verbose', '--force'], { env });
  const lines = createInterface({ input: child.stderr as NonNullable<typeof child.stderr> });
  for await (const line of lines) if (/^ {2}CC {6}/.test(line)) break;
  child.kill('SIGINT');
  expect((await ended(child)).status).toBe(130);
  expect(readdirSync(join(here.path, 'artifacts'))).toEqual([]);
  expect((await program('docker', ['ps', '--all', '--quiet'], { env })).stdout.toString()).toBe('');
});

test('an engine that is down is one message; the list of engines says why each does not work', async () => {
  const { status, stderr } = await eulab(['build', 'ramdisk', '--engine', 'docker', '--force'], { env: nowhere });
  expect([status, stderr]).toEqual([
    3,
    expect.stringMatching(/^eulab: docker does not work here: .*unix:\/\/\/nowhere\/docker\.sock/),
  ]);
  expect(stderr.split('\n')).toHaveLength(3);
});
