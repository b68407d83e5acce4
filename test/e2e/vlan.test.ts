import { expect } from 'vitest';
import { eulab } from '../eulab.ts';
import { requires } from '../requires.ts';
import { artifacts } from './artifacts.ts';

artifacts();

/** What the suite calls, of this machine; eulab itself beside it. */
const programs = ['ip', 'bridge', 'ping', 'node'].flatMap((name) => ['--program', name]);
const files = ['dist:/host/dist', 'test/fixtures/vlan/suite:/host/suite'].flatMap((name) => ['--add', name]);

requires('ip', 'bridge', 'ping')(
  'VLANs, in a guest that has them: access ports, trunk, the host’s own leg; what is broken is named and mended; down restores',
  async () => {
    const machine = ['--memory', '1G', '--cpus', '2', '--net', 'none', '--accel', 'tcg'];
    const { status, stderr } = await eulab(['boot', ...machine, ...programs, ...files, '--', 'sh', '/host/suite']);
    expect(status, stderr).toBe(42);
  },
  600_000,
);
