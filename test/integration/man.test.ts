import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eulab, folder, root } from '../eulab.ts';
import { requires } from '../requires.ts';

const test = requires('mandoc');
/** How a printer is told of bold and underlined letters. */
const overstruck = new RegExp(`.${String.fromCharCode(8)}`, 'g');

test('every verb has a manual page that mandoc has nothing to say against, and the package names each', async () => {
  using here = folder();
  const pages = join(here.path, 'man1');
  const { status, stderr } = await eulab(['man', '--output', pages]);
  expect(status, stderr).toBe(0);
  const names = readdirSync(pages).sort();
  expect(names).toEqual(expect.arrayContaining(['eulab.1', 'eulab-boot.1', 'eulab-build-kernel.1', 'eulab-net-up.1']));
  expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).man.toSorted()).toEqual(
    names.map((name) => `dist/man/${name}`).toSorted(),
  );
  // It looks for the pages that others refer to.
  const lint = spawnSync('mandoc', ['-Tlint', ...names], {
    cwd: pages,
    env: { ...process.env, MANPATH: here.path },
    encoding: 'utf8',
  });
  expect([lint.stdout, lint.stderr, lint.status]).toEqual(['', '', 0]);
});

test('a page has the options of the help in their groups, its variables, statuses and examples', async () => {
  using here = folder();
  mkdirSync(join(here.path, 'x'));
  const { stdout } = await eulab(['man', 'boot']);
  const text = execFileSync('mandoc', ['-Tascii'], { input: stdout, encoding: 'utf8' })
    .replaceAll(overstruck, '')
    .replaceAll(/-\n\s+/g, '')
    .replaceAll(/\s+/g, ' ');
  expect(text).toContain('eulab boot [option ...] [machine] [command ...]');
  for (const heading of ['OPTIONS Kernel', 'ENVIRONMENT', 'EXIT STATUS', 'EXAMPLES', 'SEE ALSO eulab(1)'])
    expect(text).toContain(heading);
  expect(text).toMatch(/--memory size /);
  expect(text).toMatch(/EULAB_MEMORY as --memory/);
});

test('a page of no verb is refused, with the nearest', async () => {
  expect(await eulab(['man', 'build', 'kernle'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('there is no manual page of eulab build kernle\n  hint: did you mean kernel?'),
  });
});
