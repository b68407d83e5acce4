import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder, root } from '../../eulab.ts';

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

test.each([
  ['the README', async () => readFileSync(join(root, 'README.md'), 'utf8'), 4],
  ['the help of config', async () => (await eulab(['config', '--help'])).stdout.toString(), 2],
])('the eulab.toml in %s has no mistakes', async (_what, text, indent) => {
  const space = ' '.repeat(indent);
  const [block = ''] =
    new RegExp(`^${space}\\[build\\.kernel\\]\\n(${space}.*\\n|\\n(?=${space}))+`, 'm').exec(await text()) ?? [];
  expect(block).toContain('[machine.router]');
  expect(await checked(block.replaceAll(new RegExp(`^${space}`, 'gm'), ''))).toEqual(right);
});
