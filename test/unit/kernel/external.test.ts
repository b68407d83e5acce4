import { expect, test } from 'vitest';
import { atHome, isMade } from '../../../src/kernel/external.ts';

test('a line of the log has the paths of the user', () => {
  const external = { folder: '/home/u/hello', copy: '/cache/obj/eulab.external/hello-1' };
  const line = `${external.copy}/hello.c:5:2: error: see ${external.copy}/hello.h`;
  expect(atHome(external, line)).toBe('/home/u/hello/hello.c:5:2: error: see /home/u/hello/hello.h');
});

test.each(['hello.o', 'hello.ko', 'hello.mod.c', '.hello.o.cmd', 'Module.symvers', 'modules.order', 'built-in.a'])(
  '%s is not copied',
  (name) => {
    expect(isMade(name)).toBe(true);
  },
);

test.each(['hello.c', 'Kbuild', 'Makefile', 'hello.h', 'hello.S', 'mod.c', 'order'])('%s is copied', (name) => {
  expect(isMade(name)).toBe(false);
});
