import { expect, test } from 'vitest';
import { rules } from '../../../src/kernel/rules.ts';

const config: Readonly<Record<string, string>> = { ON: 'y', PART: 'm', '64BIT': 'y' };

/** How many more are counted for these files than for a tree without any. */
function more(files: Readonly<Record<string, string>>): number {
  const tree = (known: Readonly<Record<string, string>>) =>
    rules({ read: (path) => known[path], value: (symbol) => config[symbol] ?? '', arch: 'x86' });
  return tree(files) - tree({});
}

test.each<[string, Record<string, string>, number]>([
  ['objects', { Kbuild: 'obj-y += a.o b.o\nobj-$(CONFIG_ON) += c.o\nobj-$(CONFIG_OFF) += d.o\n' }, 3],
  ['a folder and its archive', { Kbuild: 'obj-y += a/\n', 'a/Makefile': 'obj-y := x.o \\\n y.o\n' }, 3],
  ['the folders of an older tree', { Makefile: 'core-y := a/\n', 'a/Makefile': 'obj-y := x.o\n' }, 2],
  ['an object of others', { Kbuild: 'obj-$(CONFIG_PART) += a.o\na-y := x.o y.o\na-$(CONFIG_ON) += z.o\n' }, 4],
  ['one that is named twice', { Kbuild: 'obj-y += a.o\nobj-y += a.o\n' }, 1],
  ['a condition', { Kbuild: 'ifdef CONFIG_OFF\nobj-y += a.o b.o\nelse\nobj-y += c.o\nendif\n' }, 1],
  [
    'another condition',
    { Kbuild: 'ifeq ($(CONFIG_ON),y)\nobj-y += a.o b.o\nendif\nifneq ($(CONFIG_ON),y)\nobj-y += c.o\nendif\n' },
    2,
  ],
  ['words of the architecture', { Kbuild: 'obj-y += arch/$(SRCARCH)/\n', 'arch/x86/Kbuild': 'obj-y += entry_$(BITS).o\n' }, 1],
  ['a folder above', { Kbuild: 'obj-y += a/\n', 'a/Makefile': 'obj-y := ../b/\n', 'b/Makefile': 'obj-y += x.o\n' }, 3],
])('%s', (_, files, count) => {
  expect(more(files)).toBe(count + Number('arch/x86/Kbuild' in files));
});
