import { accessSync, chmodSync, constants, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder, processesWith } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

test('auto boots whatever this host’s KVM is worth, and says once why it did not use it', async () => {
  using cache = folder();
  const env = { EULAB_CACHE: cache.path };
  const insisted = await eulab(['boot', '--accel', 'kvm', '--', 'true'], { env });
  const first = await eulab(['boot', '--', 'true'], { env: { EULAB_CACHE: join(cache.path, 'another') } });
  expect(first.status, first.stderr).toBe(0);
  if (insisted.status === 0) {
    expect(first.stderr).toBe('');
    return;
  }
  const why = /KVM cannot be used: (.*)/.exec(insisted.stderr)?.[1];
  expect([insisted.status, first.stderr]).toEqual([3, `eulab: booting under emulation (TCG): ${why}\n`]);
  const second = await eulab(['boot', '--', 'true'], { env });
  expect([second.status, second.stderr]).toEqual([0, '']);
});

test('a KVM that opens and then hangs costs the probe, once', async ({ skip }) => {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    skip('there is no /dev/kvm to open');
  }
  using here = folder();
  const qemu = join(here.path, 'qemu-that-hangs-under-kvm');
  writeFileSync(qemu, '#!/bin/sh\ncase "$*" in *"-accel kvm"*) exec sleep 997 ;; esac\nexec qemu-system-x86_64 "$@"\n');
  chmodSync(qemu, 0o755);
  const boot = () =>
    eulab(['boot', '--qemu', qemu, '--', 'sh', '-c', 'exit 42'], { env: { EULAB_CACHE: join(here.path, 'cache') } });
  const first = await boot();
  expect([first.status, first.stderr]).toEqual([42, expect.stringContaining('a guest under it hardly runs')]);
  const second = await boot();
  expect([second.status, second.stderr]).toEqual([42, '']);
  expect(processesWith('sleep\u0000997')).toEqual([]);
});
