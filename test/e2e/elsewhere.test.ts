import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect } from 'vitest';
import { docker } from '../docker.ts';
import { ended, program, root, startedProgram } from '../eulab.ts';
import { type PodmanService, podmanService } from '../podman.ts';
import { has, requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

// With it come the images.
artifacts('ramdisk');

const needs = ['root', 'unshare', 'flock', 'podman', 'docker', '/bin/busybox'];
const able = requires(...needs);
const test = (name: string, body: () => Promise<void>) => able(name, body, 600_000);

// All that engines elsewhere do not see: the workspace, the source, the cache and eulab's own files.
const here = mkdtempSync(join(tmpdir(), 'eulab-test-'));
const at = (path: string) => join(here, path);
const own = at('eulab/dist/eulab.mjs');
let service: PodmanService | undefined;

beforeAll(async () => {
  for (const name of ['dist', 'utils', 'package.json', '.dockerignore', 'Dockerfile.kernel', 'Dockerfile.ramdisk']) {
    cpSync(join(root, name), at(`eulab/${name}`), { recursive: true });
  }
  cpSync(join(root, 'test/fixtures/small-kernel'), at('linux'), { recursive: true });
  mkdirSync(at('work'));
  if (has(...needs)) service = await podmanService(here);
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  rmSync(here, { recursive: true, force: true });
});

type Env = Record<string, string>;

const kernel = ['build', 'kernel', '--source', at('linux/'), '--profile', 'tiny'];
const words = (...args: string[]) => [own, '-C', at('work'), ...args];
const settings = (env: Env) => ({ EULAB_CACHE: at('cache'), ...env });
const call = (env: Env, ...args: string[]) => program(process.execPath, words(...args), { env: settings(env), cwd: at('work') });

async function built(env: Env, ...args: string[]): Promise<string> {
  const { status, stderr } = await call(env, ...args);
  expect(status, stderr).toBe(0);
  return stderr;
}

const digests = (product: string): Record<string, string> => {
  const { files } = JSON.parse(readFileSync(at(`work/artifacts/${product}.manifest.json`), 'utf8'));
  const made = files.filter(({ path }: { path: string }) => !path.endsWith('.provenance.json'));
  return Object.fromEntries(made.map(({ path, sha256 }: { path: string; sha256: string }) => [path, sha256]));
};

/** What kernel and ramdisk are made of by an engine. */
async function both(engine: string, env: Env): Promise<Record<string, string>> {
  await built(env, ...kernel, '--engine', engine, '--force');
  await built(env, 'build', 'ramdisk', '--busybox', '/bin/busybox', '--engine', engine, '--force');
  return { ...digests('kernel'), ...digests('ramdisk') };
}

/** An engine elsewhere makes the bytes that this machine's own tools make, and the second time only what has changed. */
async function likeHere(engine: string, env: Env): Promise<void> {
  const mine = await both('host', {});
  expect(await both(engine, env)).toEqual(mine);
  const again = await built(env, ...kernel, '--engine', engine);
  expect(again).toContain('nothing to do');
  // Nothing was touched: nobody is asked.
  expect(again).not.toContain('compiling');

  const file = at('linux/init/version.c');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, `${text}int broken(void) { return nowhere; }\n`);
  const { status, stderr } = await call(env, ...kernel, '--engine', engine);
  expect([status, stderr]).toEqual([1, expect.stringContaining(`${file}:2:`)]);
  writeFileSync(file, text.replace('1.2.3', '1.2.4'));
  const changed = await built(env, ...kernel, '--engine', engine, '--verbose');
  expect(changed.match(/^ {2}CC .*/gm)).toEqual(['  CC      init/version.o']);
  expect(digests('kernel')['vmlinux']).not.toBe(mine['vmlinux']);
  writeFileSync(file, text);
}

test('a podman that CONTAINER_HOST names gets copies of the sources, and what it makes comes back', async () => {
  if (service === undefined) throw new Error('no service');
  const env = { CONTAINER_HOST: service.address };
  const { stdout } = await call(env, 'image', 'engines', '--json');
  const [podman] = JSON.parse(stdout.toString());
  expect(podman).toMatchObject({ engine: 'podman', works: true, address: service.address, way: { elsewhere: true } });
  await likeHere('podman', env);
  expect(await service.containers()).toBe('');
});

test("podman's socket for clients of docker's; the copies of a folder that is gone go as well", async () => {
  if (service === undefined) throw new Error('no service');
  const env = { DOCKER_HOST: `unix://${service.socket}` };
  expect(await both('docker', env)).toEqual(await both('host', {}));
  const volumes = async () =>
    (await program('docker', ['volume', 'ls', '--quiet'], { env })).stdout.toString().split('\n').length;
  const before = await volumes();
  cpSync(at('linux'), at('other'), { recursive: true });
  await built(env, 'build', 'kernel', '--source', at('other/'), '--profile', 'tiny', '--engine', 'docker');
  // A source and its objects.
  expect(await volumes()).toBe(before + 2);
  rmSync(at('other'), { recursive: true });
  await built(env, ...kernel, '--engine', 'docker');
  expect(await volumes()).toBe(before + 1);
  expect(await service.containers()).toBe('');
});

test('a docker on tcp: what is killed or cut off leaves no container, and an engine that goes away is one message', async () => {
  await using daemon = await docker({ hidden: here });
  await using wire = await forwarded(daemon.env.DOCKER_HOST.replace('unix://', ''));
  const env = { ...daemon.env, DOCKER_HOST: wire.address };
  const engines = (await call(env, 'image', 'engines')).stdout.toString();
  expect(engines).toMatch(/^docker +works: docker 20\.\S+, with the legacy builder, elsewhere: tcp:\/\/127\.0\.0\.1:\d+$/m);
  expect(await both('docker', env)).toEqual(await both('host', {}));

  // A compiler that never ends.
  const rules = readFileSync(at('linux/Makefile'), 'utf8');
  writeFileSync(at('linux/Makefile'), rules.replace('@$(CC)', '@tail -f /dev/null; $(CC)'));
  writeFileSync(at('linux/init/main.c'), readFileSync(at('linux/init/main.c')));
  rmSync(at('work/artifacts'), { recursive: true });
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const child = await compiling(env);
    child.kill(signal);
    expect((await ended(child)).status).toBe(signal === 'SIGINT' ? 130 : 137);
    await noneLeft(env);
  }
  const child = await compiling(env);
  const over = ended(child);
  await wire[Symbol.asyncDispose]();
  const { status, stderr } = await over;
  const [message, hint] = stderr.trimEnd().split('\n').slice(-2);
  expect([status, message]).toEqual([
    3,
    expect.stringMatching(/^eulab: docker went away in the middle of the work: .*127\.0\.0\.1/),
  ]);
  expect(hint).toContain('hint: start it, and call this again');
  await noneLeft(daemon.env);
  expect(readdirSync(at('work/artifacts')).filter((name) => !name.startsWith('.'))).toEqual([]);
  writeFileSync(at('linux/Makefile'), rules);
});

/** A build that has come to its compiler. */
async function compiling(env: Env) {
  const args = words(...kernel, '--engine', 'docker', '--verbose');
  const child = startedProgram(process.execPath, args, { env: settings(env), cwd: at('work') });
  const lines = createInterface({ input: child.stderr as NonNullable<typeof child.stderr> });
  for await (const line of lines) if (/^ {2}CC {6}/.test(line)) break;
  return child;
}

/** That the daemon has no container any more: it removes by itself what has ended, soon after. */
async function noneLeft(env: Env): Promise<void> {
  const left = async () => (await program('docker', ['ps', '--all', '--quiet'], { env })).stdout.toString();
  const limitMs = performance.now() + 15_000;
  while ((await left()) !== '' && performance.now() < limitMs);
  expect(await left()).toBe('');
}

/** A socket as an address of the loopback interface, until it is cut. */
async function forwarded(socket: string): Promise<AsyncDisposable & { readonly address: string }> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const there = connect({ path: socket, allowHalfOpen: true });
    for (const end of [client, there]) {
      open.add(end);
      end.on('close', () => open.delete(end));
      end.on('error', () => [client, there].map((each) => each.destroy()));
    }
    client.pipe(there);
    there.pipe(client);
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    address: `tcp://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const end of open) end.destroy();
    },
  };
}
