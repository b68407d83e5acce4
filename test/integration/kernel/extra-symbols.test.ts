import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { copied } from '../../../src/kernel/external.ts';
import { extraSymbols } from '../../../src/kernel/extra-symbols.ts';
import { folder } from '../../eulab.ts';

const here = folder();
afterAll(() => here[Symbol.dispose]());

test('what a module exports is looked for where it was made, and elsewhere where the user says', async () => {
  const [objects, kernel] = [join(here.path, 'objects'), join(here.path, 'linux')];
  const [made, unmade, other] = ['made', 'unmade', 'other'].map((name) => join(here.path, name)) as [string, string, string];
  for (const path of [objects, made, unmade, other]) mkdirSync(path);
  writeFileSync(join(made, 'Kbuild'), 'obj-m += made.o\n');
  const { copy } = await copied(made, objects, kernel);
  writeFileSync(join(copy, 'Module.symvers'), 'of made\n');
  writeFileSync(join(other, 'Module.symvers'), 'of other\n');

  expect(await extraSymbols('V=1', objects)).toBe('V=1');
  const word = `KBUILD_EXTRA_SYMBOLS=${made} ${join(other, 'Module.symvers')}`;
  const [first, second = '', ...rest] = (await extraSymbols(word, objects)).replace('KBUILD_EXTRA_SYMBOLS=', '').split(' ');
  expect([first, rest]).toEqual([join(copy, 'Module.symvers'), []]);
  expect([second.startsWith(`${objects}/`), readFileSync(second, 'utf8')]).toEqual([true, 'of other\n']);
  // Nothing is written where the user's files are.
  expect(readdirSync(made)).toEqual(['Kbuild']);
  await expect(extraSymbols(`KBUILD_EXTRA_SYMBOLS=${unmade}`, objects)).rejects.toThrow(
    'there is no list of what the module exports',
  );
});
