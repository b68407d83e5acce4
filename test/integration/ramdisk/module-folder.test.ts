import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findModules } from '../../../src/ramdisk/additions/module-folder.ts';
import { folder } from '../../eulab.ts';

test.each([
  ['a package', 'boot/vmlinuz-6.1.0-9', 'lib/modules/6.1.0-9', undefined],
  ['a package of a merged /usr', 'boot/vmlinuz-6.1.0-9', 'usr/lib/modules/6.1.0-9', undefined],
  ['build kernel', 'artifacts/bzImage', 'artifacts/modules/lib/modules/6.1.0-9', undefined],
  ['the folder that was named', 'bzImage', 'mine/lib/modules/6.1.0-9', 'mine'],
])('the modules of a kernel are found as they lie in %s', (_what, kernel, modules, named) => {
  using here = folder();
  const asked = named === undefined ? undefined : join(here.path, named);
  const find = () => findModules(join(here.path, kernel), '6.1.0-9', asked);
  expect(find()).toBeUndefined();
  const list = join(here.path, modules, 'modules.dep');
  mkdirSync(dirname(list), { recursive: true });
  writeFileSync(list, '');
  expect(find()).toBe(dirname(list));
});
