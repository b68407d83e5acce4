import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { dockerPrograms } from './docker.ts';
import { folder, program, startedProgram } from './eulab.ts';

/** A service of podman's, which has the images of the machine's podman, and containers of its own. */
export interface PodmanService extends AsyncDisposable {
  /** On a socket of the file system, and on the loopback interface. */
  readonly socket: string;
  readonly address: string;
  /** What it has of containers. */
  containers(): Promise<string>;
}

/**
 * podman's API service, in a mount namespace in which `hidden` is an empty folder, as on another machine. It runs its containers by
 * runc and within this process's limits, which podman's own choice does not do everywhere.
 */
export async function podmanService(hidden: string): Promise<PodmanService> {
  const here = folder();
  const at = (name: string) => join(here.path, name);
  const runc = join(dockerPrograms(), 'usr/sbin/runc');
  const images = execFileSync('podman', ['info', '--format', '{{.Store.GraphRoot}}']).toString().trim();
  writeFileSync(
    at('storage.conf'),
    `[storage]\ndriver = "overlay"\ngraphroot = "${at('graph')}"\nrunroot = "${at('run')}"\n[storage.options]\nadditionalimagestores = ["${images}"]\n`,
  );
  const limits = 'default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]';
  writeFileSync(at('containers.conf'), `[containers]\n${limits}\n[engine]\nruntime = "${runc}"\n`);
  const env = { CONTAINERS_STORAGE_CONF: at('storage.conf'), CONTAINERS_CONF: at('containers.conf'), HIDDEN: hidden };
  const port = await freePort();
  const urls = [`unix://${at('podman.sock')}`, `tcp:127.0.0.1:${port}`];
  const services = urls.map((url, index) => {
    const line = `mount -t tmpfs tmpfs "$HIDDEN"; exec podman system service --time=0 ${url} >"${at(`log${index}`)}" 2>&1`;
    const child = startedProgram('unshare', ['--mount', 'sh', '-ec', line], { env });
    return { child, ended: new Promise((settle) => child.once('exit', settle)) };
  });
  const over = async () => {
    for (const { child } of services) child.kill('SIGTERM');
    await Promise.all(services.map(({ ended }) => ended));
    // What overlay left mounted is in a namespace that is gone.
    here[Symbol.dispose]();
  };
  const address = `tcp://127.0.0.1:${port}`;
  for (const url of [urls[0] ?? '', address]) {
    while ((await program('podman', ['--url', url, 'version'], {})).status !== 0) {
      if (services.every(({ child }) => child.exitCode === null)) continue;
      const said = [0, 1].map((index) => (existsSync(at(`log${index}`)) ? readFileSync(at(`log${index}`), 'utf8') : '')).join('');
      await over();
      throw new Error(`podman's service did not come up:\n${said}`);
    }
  }
  return {
    socket: at('podman.sock'),
    address,
    containers: async () => (await program('podman', ['--url', address, 'ps', '--all', '--quiet'])).stdout.toString(),
    [Symbol.asyncDispose]: over,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const address = server.address();
  await new Promise((settle) => server.close(settle));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
