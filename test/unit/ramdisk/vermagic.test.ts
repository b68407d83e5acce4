import { expect, test } from 'vitest';
import { fits, vermagic } from '../../../src/ramdisk/vermagic.ts';

const config =
  (...on: string[]) =>
  (symbol: string) =>
    on.some((each) => symbol === `CONFIG_${each}`) ? 'y' : 'n';

// As the modules of such kernels have it.
test.each([
  [['SMP', 'MODULE_UNLOAD'], '6.1.192-lab SMP mod_unload'],
  [['SMP', 'PREEMPT_BUILD', 'MODULE_UNLOAD', 'MODVERSIONS'], '6.1.192-lab SMP preempt mod_unload modversions'],
  [['PREEMPT'], '6.1.192-lab preempt'],
  [['PREEMPT_RT', 'PREEMPT_BUILD'], '6.1.192-lab preempt_rt'],
  [[], '6.1.192-lab'],
])('a kernel with %j wants %j', (symbols, magic) => {
  expect(vermagic('6.1.192-lab', config(...symbols))).toBe(magic);
});

test.each([
  ['1 SMP mod_unload', '1 SMP mod_unload', true],
  ['1 SMP mod_unload RANDSTRUCT_abc', '1 SMP mod_unload', true],
  ['1 mod_unload', '1 SMP mod_unload', false],
  ['2 SMP mod_unload', '1 SMP mod_unload', false],
  ['1 SMP', undefined, true],
  ['2 SMP', undefined, false],
])('a module of %j fits a kernel of %j: %s', (module, magic, fit) => {
  expect(fits(module, { version: '1', magic })).toBe(fit);
});
