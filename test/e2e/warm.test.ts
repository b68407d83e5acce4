import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eulab, folder } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

/** What must be a machine's own, whatever state it started from: random numbers, the time, its address. */
const identity =
  'cat /proc/sys/kernel/random/uuid; head -c 32 /dev/urandom | sha256sum; date +%s; cat /sys/class/net/eth0/address';

test('a hundred warm starts are machines of their own, with streams and statuses as cold ones have them', async () => {
  using cache = folder();
  const env = { EULAB_CACHE: cache.path };
  const boot = (script: string, input = '') =>
    eulab(['boot', '--accel', 'tcg', '--warm', '--', 'sh', '-c', script], { env, input });
  const first = await boot('cat; echo err >&2; exit 42', 'through');
  expect([first.status, first.stdout.toString(), first.stderr]).toEqual([42, 'through', 'err\n']);

  const seen = { uuids: new Set(), bytes: new Set(), addresses: new Set() };
  for (let round = 0; round < 100; round += 1) {
    const { status, stdout, stderr } = await boot(identity);
    expect([status, stderr]).toEqual([0, '']);
    const [uuid, bytes, seconds, address] = stdout.toString().split('\n');
    seen.uuids.add(uuid);
    seen.bytes.add(bytes);
    seen.addresses.add(address);
    expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(5);
  }
  expect([seen.uuids.size, seen.bytes.size]).toEqual([100, 100]);
  // Three random bytes: two of a hundred are the same once in three thousand runs of this test.
  expect(seen.addresses.size).toBeGreaterThanOrEqual(99);
}, 600_000);

test('a state that does not load is said, removed, and made up for by a boot', async () => {
  using cache = folder();
  const env = { EULAB_CACHE: cache.path };
  const boot = (...options: string[]) => eulab(['boot', '--accel', 'tcg', ...options, '--', 'sh', '-c', 'exit 42'], { env });
  expect((await boot('--warm')).status).toBe(42);
  const states = () => readdirSync(join(cache.path, 'states'));
  const [state = ''] = states();
  truncateSync(join(cache.path, 'states', state, 'devices'), 1000);
  const broken = await boot('--warm');
  expect([broken.status, broken.stderr]).toEqual([42, expect.stringContaining('the saved state does not load')]);
  expect(states()).toEqual([]);
  // Another machine, another state; and none for a boot that is to be cold.
  await boot('--warm', '--memory', '256M');
  await boot('--warm', '--memory', '300M');
  await boot('--cold');
  const shared = await boot('--warm', '--share', cache.path);
  expect([shared.status, shared.stderr]).toEqual([42, expect.stringContaining('it shares folders')]);
  expect(states().length).toBe(2);
});
