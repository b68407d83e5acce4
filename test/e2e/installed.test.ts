import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { quote } from '../../src/command.ts';
import { eulab, folder, program, root } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';
import { uid } from './rootless-host.ts';

artifacts();

const test = requires('root', 'unshare', 'setpriv', 'npm', '/bin/busybox');

/** What an ordinary user types in their folder, on a machine without the checkout and without any network. */
function typed(folder: string, line: string) {
  const user = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', 'sh', '-ec', line];
  const hidden = `mount -t tmpfs none ${quote(root)}; cd ${quote(folder)}; exec ${user.map(quote).join(' ')}`;
  // Nothing of whoever runs the tests.
  const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  const env = { ...cleared, PATH: `${folder}/node_modules/.bin:${process.env['PATH']}`, HOME: folder, EULAB_CONFIG: undefined };
  return program('unshare', ['--mount', '--net', 'sh', '-ec', hidden], { cwd: folder, env });
}

test('the packed tarball, installed in an empty folder by an ordinary user, builds and boots without the checkout', async () => {
  using here = folder();
  const at = (name: string) => join(here.path, name);
  const packed = await program('npm', ['pack', '--ignore-scripts', '--pack-destination', here.path]);
  expect(packed.status, packed.stderr).toBe(0);
  const released = await eulab(['release', '--output', at('release.tar')]);
  expect(released.status, released.stderr).toBe(0);
  cpSync(join(root, 'test/fixtures/small-kernel'), at('linux'), { recursive: true });
  mkdirSync(at('home'));
  chmodSync(here.path, 0o755);
  await program('chown', ['-R', uid, at('home')]);
  const call = async (line: string) => {
    const { status, stdout, stderr } = await typed(at('home'), line);
    return { status, stdout: stdout.toString(), all: `${line}\n${stdout}${stderr}` };
  };
  const done = async (line: string) => {
    const { status, stdout, all } = await call(line);
    expect(status, all).toBe(0);
    return stdout;
  };

  expect(await done(`test "$(id -u)" = ${uid}; ls ${quote(root)}`)).toBe('');
  // Not what somebody has in a folder above.
  await done(`npm install --prefix . --offline --no-audit --no-fund ${here.path}/eulab-*.tgz`);
  expect(readdirSync(at('home/node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['eulab']);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(await done('eulab --version')).toContain(version);

  await done(`eulab pull ${quote(at('release.tar'))}`);
  const booted = await call("eulab boot --accel tcg -- sh -c 'uname -s; exit 42'");
  expect([booted.status, booted.stdout], booted.all).toEqual([42, 'Linux\n']);

  // With what the package brings for builds: its agent, its files of the guest, its scripts.
  await done('eulab build ramdisk --busybox /bin/busybox --engine host');
  expect(await done('eulab boot --accel tcg -- cat /etc/hosts')).toContain('localhost');
  await done(`eulab build kernel --source ${quote(at('linux'))} --profile tiny --engine host --name small`);
  expect(existsSync(at('home/artifacts/kernels/small/bzImage'))).toBe(true);
  expect(await done('eulab explain initramfs; eulab man boot')).toContain('.Nm eulab-boot');
  // Nothing was left but what was asked for.
  expect(readdirSync(at('home')).sort()).toEqual([
    '.cache',
    '.npm',
    'artifacts',
    'node_modules',
    'package-lock.json',
    'package.json',
  ]);
});
