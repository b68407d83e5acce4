import { expect, test } from 'vitest';
import { targetLines } from '../../../src/kernel/log.ts';

test('what make says of targets, without what it says of its own work', () => {
  const said: string[] = [];
  const say = targetLines((line) => said.push(line));
  const lines = [
    'STEP 1/2: FROM scratch',
    'eulab: targets begin',
    "make: Entering directory '/src'",
    '  CC      init/main.o',
    "init/main.c:1:1: warning: unused variable 'x'",
    '6.1.192-lab',
    'make[2]: *** [scripts/Makefile.build:250: init/main.o] Error 1',
    'eulab: targets end',
    'Error: building at STEP "RUN sh"',
  ];
  for (const line of lines) say(line);
  expect(said).toEqual(["init/main.c:1:1: warning: unused variable 'x'", '6.1.192-lab']);
});
