import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trialProgram } from '../../src/container/trial-program.ts';
import { folder, program } from '../eulab.ts';

test('the program that engines are tried with ends well, and is a valid one for the other CPUs', async () => {
  using here = folder();
  const file = join(here.path, 'true');
  const own = trialProgram(process.arch);
  if (own === undefined) throw new Error(`none for ${process.arch}`);
  writeFileSync(file, own, { mode: 0o755 });
  expect((await program(file, [])).status).toBe(0);
  for (const arch of ['arm64', 'riscv64']) expect(trialProgram(arch)?.length).toBe(arch === 'arm64' ? 132 : 132);
  expect(trialProgram('mips')).toBeUndefined();
});
