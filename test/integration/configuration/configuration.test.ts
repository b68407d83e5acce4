import { chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Call, type Ended, eulab, folder } from '../../eulab.ts';
import { requires } from '../../requires.ts';

/** A project with a folder in it, and a user with a home, whose files are these. */
function project(files: Readonly<Record<string, string>>) {
  const here = folder();
  mkdirSync(join(here.path, 'project/sub'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(here.path, name)), { recursive: true });
    writeFileSync(join(here.path, name), text);
  }
  const call = (args: readonly string[], { env, cwd = 'project' }: Call = {}): Promise<Ended> =>
    eulab(args, {
      cwd: join(here.path, cwd),
      env: { EULAB_CONFIG: undefined, XDG_CONFIG_HOME: undefined, HOME: join(here.path, 'home'), ...env },
    });
  return { ...here, call };
}

const user = 'home/.config/eulab/config.toml';

/** Value and origin of a setting, by `config show`. */
async function seen(shown: Promise<Ended>, key: string): Promise<string | undefined> {
  const { status, stdout, stderr } = await shown;
  expect([status, stderr]).toEqual([0, '']);
  const line = stdout.toString().match(new RegExp(`^${key} = .*$`, 'm'))?.[0];
  return line?.replace(/ {2,}/, ' ').replace(`${key} = `, '');
}

test('user, project and environment say it in rising order', async () => {
  using it = project({
    [user]: '[boot]\nmemory = "1G"\ncpus = 2\naccel = "tcg"\n',
    'project/eulab.toml': '[boot]\nmemory = "2G"\ncpus = 3\n',
  });
  const show = it.call(['config', 'show', 'boot', '--origin'], { env: { EULAB_MEMORY: '3G' } });
  expect(await seen(show, 'memory')).toBe('"3G" # EULAB_MEMORY');
  expect(await seen(show, 'cpus')).toBe('"3" # eulab.toml:3:1');
  expect(await seen(show, 'accel')).toBe(`"tcg" # ${join(it.path, user)}:4:1`);
  expect(await seen(show, 'arch')).toBe('"auto" # default');
});

test('the narrower table wins over the wider one, and a machine over all', async () => {
  using it = project({
    [user]: '[build.kernel]\njobs = 1\n[machine.a]\ncpus = 7\n',
    'project/eulab.toml': '[build]\njobs = 2\n[boot]\ncpus = 3\nappend = "quiet"\n[machine.a]\nappend = []\n',
  });
  const show = (table: string) => it.call(['config', 'show', table]);
  expect(await seen(show('build.kernel'), 'jobs')).toBe('"1"');
  expect(await seen(show('build.ramdisk'), 'jobs')).toBe('"2"');
  expect(await seen(show('machine.a'), 'cpus')).toBe('"7"');
  expect(await seen(show('boot'), 'append')).toBe('["quiet"]');
  expect(await seen(show('machine.a'), 'append')).toBe('[]');
});

test('what files say comes to the verb; the command line is above it', async () => {
  using it = project({ 'project/eulab.toml': '[disk.create]\nfs = "none"\nformat = "qcow2"\n' });
  expect((await it.call(['disk', 'create', 'a', '1M'], { cwd: 'project/sub' })).status).toBe(0);
  expect((await it.call(['disk', 'create', 'b', '1M', '--format', 'raw'])).status).toBe(0);
  // The folder of eulab.toml is where one works, unless another is named.
  const names = readdirSync(join(it.path, 'project/artifacts/storage')).filter((name) => !name.endsWith('.json'));
  expect(names.sort()).toEqual(['a.qcow2', 'b.img']);
  expect(readdirSync(join(it.path, 'project/sub'))).toEqual([]);
  expect((await it.call(['-C', 'sub', 'disk', 'create', 'c', '1M'])).status).toBe(0);
  expect(readdirSync(join(it.path, 'project/sub'))).toEqual(['artifacts']);
});

test('another file, or none', async () => {
  using it = project({
    [user]: '[boot]\ncpus = 2\n',
    'project/eulab.toml': '[boot]\ncpus = 3\n',
    'project/ci.toml': '[boot]\nmemory = "2G"\n',
  });
  const show = ['config', 'show', 'boot'];
  expect(await seen(it.call(['--config', 'ci.toml', ...show]), 'cpus')).toBe('"2"');
  expect(await seen(it.call(show, { env: { EULAB_CONFIG: 'ci.toml' } }), 'memory')).toBe('"2G"');
  expect(await seen(it.call(['--config', 'none', ...show]), 'cpus')).toBe('"1"');
  const missing = await it.call(['--config', 'no.toml', ...show]);
  expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining('no such file of settings: no.toml')]);
});

test('config check counts, and tells all mistakes of files and environment at once', async () => {
  using it = project({
    [user]: '[boot]\nmemroy = "1G"\n',
    'project/eulab.toml': '[boot]\ncpus = 0\n[machine."a b"]\n[bot]\n',
  });
  const { status, stdout, stderr } = await it.call(['config', 'check'], { env: { EULAB_MEMROY: '1', EULAB_JOBS: 'x' } });
  expect([status, stdout.toString()]).toEqual([2, '']);
  const places = stderr.match(/^ {2}\| (\S.*?): /gm)?.map((line) => line.replace(/^ {2}\| |: $/g, '').replace(`${it.path}/`, ''));
  expect(places).toEqual([`${user}:2:1`, 'eulab.toml:2:8', 'eulab.toml:3:1', 'eulab.toml:4:1', 'EULAB_JOBS', 'EULAB_MEMROY']);
  const fine = await it.call(['--config', 'none', 'config', 'check']);
  expect([fine.status, fine.stdout.toString()]).toEqual([0, 'no file of settings is read\n']);
});

test('a verb is refused for its own table and for tables of nothing, not for those of other verbs', async () => {
  using it = project({ 'project/eulab.toml': '[boot]\ncpus = 0\n' });
  expect((await it.call(['disk', 'list'])).status).toBe(0);
  expect((await it.call(['boot', '--', 'true'])).status).toBe(2);
  writeFileSync(join(it.path, 'project/eulab.toml'), '[boot\n');
  // These have no settings, and one needs them most when something is wrong.
  expect((await it.call(['ps'])).status).toBe(0);
  expect((await it.call(['boot', '--help'])).status).toBe(0);
  expect((await it.call(['disk', 'create', 'a', '1M'])).status).toBe(2);
});

test('an error of a value that a file said names the place', async () => {
  using it = project({ 'project/eulab.toml': '[boot]\nkernel = "./no/bzImage"\n' });
  const { status, stderr } = await it.call(['boot', '--', 'true']);
  expect([status, stderr]).toEqual([2, expect.stringContaining('/no/bzImage does not exist')]);
  expect(stderr).toContain('kernel is said in eulab.toml:2:1');
});

test('--json has a schema, every setting, and where it comes from', async () => {
  using it = project({ 'project/eulab.toml': '[boot]\ncpus = 3\n[machine.a]\ncpus = 4\n[machine.b]\n' });
  const { stdout } = await it.call(['config', 'show', '--json']);
  const document = JSON.parse(stdout.toString());
  expect([document.schema, document.files]).toEqual([1, [join(it.path, 'project/eulab.toml')]]);
  const one = (table: string, key: string) =>
    document.settings.find((setting: { table: string; key: string }) => setting.table === table && setting.key === key);
  expect(one('boot', 'cpus')).toEqual({
    ...{ table: 'boot', key: 'cpus', value: '3' },
    origin: { kind: 'file', file: join(it.path, 'project/eulab.toml'), line: 2, column: 1 },
  });
  expect(one('boot', 'initrd')).toEqual({ table: 'boot', key: 'initrd', value: null, origin: { kind: 'default' } });
  expect(one('net.up', 'bridge')).toMatchObject({ value: 'vmbr0' });
  expect(one('machine.a', 'cpus').value).toBe('4');
  expect(one('machine.b', 'cpus').value).toBe('3');
});

requires('root')(
  'a file above that belongs to somebody else is refused; in the folder itself it is as good as that',
  async () => {
    using it = project({ 'project/eulab.toml': '[boot]\ncpus = 3\n' });
    chownSync(join(it.path, 'project/eulab.toml'), 65534, 65534);
    for (const cwd of ['project', 'project/sub']) {
      const { status, stderr } = await it.call(['config', 'show', 'boot'], { cwd });
      expect([status, stderr]).toEqual([2, expect.stringContaining('belongs to another user (65534)')]);
      expect(stderr).toContain('--config');
    }
    chownSync(join(it.path, 'project'), 65534, 65534);
    expect(await seen(it.call(['config', 'show', 'boot']), 'cpus')).toBe('"3"');
    expect((await it.call(['config', 'show', 'boot'], { cwd: 'project/sub' })).status).toBe(2);
  },
);

requires('root')('with the rights that sudo lends no file is read for the network of the host', async () => {
  using it = project({ 'project/eulab.toml': '[net]\nbridge = "br-file"\n' });
  const status = (env: Record<string, string>, ...before: string[]) => it.call([...before, 'net', 'status'], { env });
  expect((await status({})).stdout.toString()).toContain('br-file: nothing stands');
  const lent = await status({ SUDO_UID: '1000' });
  expect(lent.stdout.toString()).toContain('vmbr0: ');
  expect(lent.stderr).toContain('eulab.toml is not read');
  expect((await status({ SUDO_UID: '1000' }, '--config', 'eulab.toml')).stdout.toString()).toContain('br-file: ');
});

test('the doctor looks at the QEMU and the bridge that the files name for boot and net', async () => {
  const found = async (toml: string, ...args: string[]) => {
    using it = project({ 'project/eulab.toml': toml });
    const { stdout } = await it.call(['doctor', '--json', 'qemu', 'bridge', ...args]);
    return JSON.parse(stdout.toString()).checks.map((one: { found: string }) => one.found);
  };
  const boot = '[boot]\nqemu = "./my-qemu"\nnet = ["user", "bridge:br-boot"]\n';
  expect(await found(boot)).toEqual([expect.stringContaining('project/my-qemu is not installed'), 'there is no bridge br-boot']);
  expect(await found(`${boot}[net]\nbridge = "br-net"\n`)).toEqual([expect.anything(), 'there is no bridge br-net']);
  const own = '[doctor]\nqemu = "/no/qemu"\nbridge = "br-doctor"\n';
  expect(await found(boot + own)).toEqual(['/no/qemu is not installed', 'there is no bridge br-doctor']);
  expect(await found(boot + own, '--bridge', 'br-call')).toEqual([expect.anything(), 'there is no bridge br-call']);
});
