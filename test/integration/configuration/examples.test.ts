import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle, eulab, folder, program, root } from '../../eulab.ts';

/** What `config check` says of a text. */
async function checked(text: string) {
  using here = folder();
  writeFileSync(join(here.path, 'eulab.toml'), text);
  const { status, stdout, stderr } = await eulab(['config', 'check'], {
    cwd: here.path,
    env: { EULAB_CONFIG: undefined, HOME: here.path, XDG_CONFIG_HOME: undefined },
  });
  return [status, stdout.toString().replace(/\d+/, 'N'), stderr];
}

const right = [0, 'eulab.toml: N settings, no mistakes\n', ''];

test('examples/eulab.toml has no mistakes', async () => {
  expect(await checked(readFileSync(join(root, 'examples/eulab.toml'), 'utf8'))).toEqual(right);
});

test('the eulab.toml in the help of config has no mistakes', async () => {
  const { stdout } = await eulab(['config', '--help']);
  const [block = ''] = /^ {2}\[build\.kernel\]\n( {2}.*\n|\n(?= {2}))+/m.exec(stdout.toString()) ?? [];
  expect(block).toContain('[machine.router]');
  expect(await checked(block.replaceAll(/^ {2}/gm, ''))).toEqual(right);
});

test('examples/envrc sets what there is, and tells of a mistake on entering', async () => {
  using here = folder();
  const env = { EULAB_CONFIG: undefined, HOME: here.path, XDG_CONFIG_HOME: undefined };
  // What direnv brings.
  const entered = `watch_file() { :; }; eulab() { "${process.execPath}" "${bundle}" "$@"; }; . "${root}/examples/envrc"`;
  const enter = (line: string) => program('sh', ['-ec', `${line}; ${entered}; env`], { cwd: here.path, env });
  const right = await enter('true');
  expect([right.status, right.stderr]).toEqual([0, '']);
  expect(right.stdout.toString()).toMatch(/^EULAB_TIMEOUT=10m$/m);
  expect((await enter('export EULAB_MEMROY=1G')).stderr).toContain('did you mean EULAB_MEMORY?');
});
