import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder } from '../eulab.ts';
import { configurations, type Wrong, words } from './wrong.ts';

/** A project with a kernel, a disk and a machine, as far as names go. */
async function project() {
  const here = folder();
  mkdirSync(join(here.path, 'artifacts/kernels/debug-6.6.22'), { recursive: true });
  writeFileSync(join(here.path, 'artifacts/kernels/debug-6.6.22/kernel.manifest.json'), '{}');
  const made = await eulab(['-C', here.path, 'disk', 'create', 'data', '1M', '--fs', 'none']);
  if (made.status !== 0) throw new Error(made.stderr);
  return here;
}

const proper = '[boot]\nmemory = "1G"\n\n[machine.router]\ncpus = 2\n';

/** What is told of each, as one text. */
async function told(list: readonly Wrong[]): Promise<string> {
  using here = await project();
  const home = { HOME: here.path, XDG_CONFIG_HOME: undefined, XDG_RUNTIME_DIR: here.path, EULAB_CACHE: join(here.path, 'cache') };
  const texts: string[] = [];
  const faults: string[] = [];
  for (const { what, toml = proper, args = ['boot', '--', 'true'], env = {}, place } of list) {
    writeFileSync(join(here.path, 'eulab.toml'), toml);
    const call = { cwd: here.path, env: { EULAB_CONFIG: undefined, ...home, ...env } };
    const { status, stdout, stderr } = await eulab(args, call);
    const right = [
      status === 2 && stdout.length === 0,
      /^ {2}(hint: |\| {5})\S/m.test(stderr),
      stderr.includes(place),
      !stderr.includes('    at '),
    ];
    if (right.includes(false)) faults.push(`${what}: ${place}: ${right}: ${status} ${stderr}`);
    const said = toml === proper ? '' : toml.replace(/^(?=.)/gm, '    ');
    texts.push(`# ${what}\n${said}$ eulab ${args.join(' ')}\n${stderr.replaceAll(here.path, '/project')}`);
  }
  expect(faults).toEqual([]);
  return texts.join('\n');
}

test('every wrong configuration is refused with the place and the remedy', async () => {
  expect(configurations.length).toBeGreaterThanOrEqual(25);
  await expect(await told(configurations)).toMatchFileSnapshot('../fixtures/refusals/configurations.txt');
});

test('every wrong command line is refused with the word and the remedy', async () => {
  expect(words.length).toBeGreaterThanOrEqual(25);
  await expect(await told(words)).toMatchFileSnapshot('../fixtures/refusals/command-lines.txt');
});
