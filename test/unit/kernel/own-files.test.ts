import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fragmentsOf, kernelFiles } from '../../../src/kernel/own-files.ts';
import { profile, profiles } from '../../../src/kernel/profile.ts';
import { root } from '../../eulab.ts';

test.each([
  ['lab', 'x86_64', ['lab.config', 'lab-x86_64.config']],
  ['lab', 'aarch64', ['lab.config', 'lab-arm64.config']],
  ['debug', 'riscv64', ['lab.config', 'lab-riscv64.config', 'debug.config']],
  ['tiny', 'aarch64', []],
] as const)('the profile %s for %s is made from %j', (name, arch, files) => {
  expect(fragmentsOf(profile(name), arch, root)).toEqual(files.map((file) => `utils/kernel/${file}`));
});

test('a container’s build has the host’s files and those of its image, and all of them are there', () => {
  const lab = { profile: profile('lab'), arch: 'aarch64', lists: ['arm64'] } as const;
  const [host, container] = [kernelFiles(lab, 'host', root), kernelFiles(lab, 'auto', root)];
  expect(container.filter((file) => !host.includes(file))).toEqual([
    'Dockerfile.kernel',
    ...['install', 'packages', 'optional', 'arm64'].map((name) => `utils/toolchain/${name}`),
  ]);
  expect(host.filter((file) => !container.includes(file))).toEqual([]);
  for (const { name } of profiles) {
    const files = kernelFiles({ ...lab, profile: profile(name) }, 'auto', root);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  }
});
