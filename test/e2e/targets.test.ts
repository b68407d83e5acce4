import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, program, root } from '../eulab.ts';
import { onTerminal } from '../terminal.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const made = (name: string) => join(root, 'artifacts', name);

test('targets of make: what it says goes to stdout, where things lie is told, and each file has the call that compiles it', {
  timeout: 300_000,
}, async () => {
  const targets = ['kernelrelease', 'init/calibrate.i', 'savedefconfig', 'compile_commands.json'];
  const { status, stdout, stderr } = await eulab(['build', 'kernel', '--', ...targets]);
  expect([status, stdout.toString()], stderr).toEqual([0, expect.stringMatching(/^\S+-lab\n$/)]);
  const file = /^eulab: (\/.*\/init\/calibrate\.i)$/m.exec(stderr)?.[1] ?? '';
  expect(readFileSync(file, 'utf8')).toMatch(/calibrate_delay/);
  expect(readFileSync(made('extra/defconfig'), 'utf8')).toContain('CONFIG_LOCALVERSION="-lab"\n');
  const database: { directory: string; file: string; command: string }[] = JSON.parse(
    readFileSync(made('compile_commands.json'), 'utf8'),
  );
  const found = database.find((each) => each.file.endsWith('/init/calibrate.c'));
  const compiled = await program('sh', ['-c', `${found?.command} -fsyntax-only`], { cwd: found?.directory ?? '' });
  expect(compiled.status, compiled.stderr).toBe(0);
});

test('what is chosen in a menu is kept, with the call that builds it; the config that was is put back', {
  timeout: 300_000,
}, async () => {
  rmSync(made('chosen.config'), { force: true });
  // Into "General setup", yes to its first question, and out again by the second button, twice; "save?", yes.
  const keys = '\ry\t\r\t\r\r';
  const shown = await onTerminal(
    `stty rows 30 cols 100; ${process.execPath} dist/eulab.mjs build kernel -- menuconfig; echo "status=$?"`,
    [[/eneral setup[\s\S]*oad/, keys]],
  );
  expect(shown).toContain('status=0');
  expect(shown).toMatch(/eulab build kernel --fragment artifacts\/chosen\.config/);
  expect(readFileSync(made('chosen.config'), 'utf8')).toBe('CONFIG_COMPILE_TEST=y\n');
  const again = await eulab(['build', 'kernel', '--', 'kernelrelease']);
  expect([again.status, again.stderr]).toEqual([0, expect.not.stringContaining('configuring')]);
});

test.each([
  ['a menu without a terminal', ['menuconfig'], 'menuconfig needs a terminal'],
  ['what would install something', ['modules_install'], 'eulab installs nothing on this machine'],
  ['a profile', ['debug'], 'eulab build kernel --profile debug'],
])('%s is refused', async (_, words, message) => {
  const { status, stderr } = await eulab(['build', 'kernel', '--', ...words]);
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
});
