import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { ended, eulab, started } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const tcg = ['boot', '--accel', 'tcg'];

test('CPUs, NUMA nodes, CPU features, the clock, quoted words and arguments for QEMU arrive as they were asked for', async () => {
  const options = [
    ...['--cpus', 'sockets=2,cores=2', '--numa', '2', '--memory', '256M', '--cpu', 'max,-avx', '--no-rng'],
    ...['--rtc', '2001-09-09T01:46:40', '--append', 'word="two words"', '--machine', 'pc'],
    ...['--qemu-arg', '-device', '--qemu-arg', 'virtio-balloon-pci'],
  ];
  const script = [
    'nproc; cat /sys/devices/system/node/node*/cpulist; grep -c " avx " /proc/cpuinfo; date -u +%Y-%m-%d',
    'cat /sys/class/misc/hw_random/rng_available; grep -o "word=.*" /proc/cmdline',
    'ls -d /sys/bus/virtio/drivers/virtio_balloon/virtio* | wc -l',
    'cat /sys/devices/system/cpu/cpu3/topology/physical_package_id; exit 42',
  ].join('\n');
  const { status, stdout, stderr } = await eulab([...tcg, ...options, '--', 'sh', '-c', script]);
  expect(status, stderr).toBe(42);
  expect(stderr).toContain("the guest's clock starts at 2001-09-09T01:46:40, as --rtc says");
  expect(stdout.toString().split('\n')).toEqual(['4', '0-1', '2-3', '0', '2001-09-09', '', 'word="two words"', '1', '1', '']);
});

test('microvm under emulation has the right time, and says from where', async () => {
  // The guest's clock in nanoseconds, each time that a line comes.
  const script =
    'while read -r _; do while read -r now at ns _; do [ "$now $at" = "now at" ] && echo "$ns" && break; done </proc/timer_list; done; ' +
    'dmesg | grep -c "TSC unstable"; exit 42';
  const child = started([...tcg, '--machine', 'microvm', '--', 'sh', '-c', script]);
  const over = ended(child);
  const output = child.stdout as Readable;
  /** A reading of the guest's clock, dated as well as one of many can be. */
  const best = async () => {
    let least = { guestMs: 0, hostMs: 0, roundMs: Number.POSITIVE_INFINITY };
    for (let count = 0; count < 30; count += 1) {
      const askedMs = performance.now();
      child.stdin?.write('?\n');
      const [answer] = await once(output, 'data');
      const guestMs = Number(answer) / 1e6;
      const roundMs = performance.now() - askedMs;
      if (roundMs < least.roundMs) least = { guestMs, hostMs: askedMs + roundMs / 2, roundMs };
    }
    return least;
  };
  await best();
  const from = await best();
  let to = await best();
  while (to.hostMs - from.hostMs < 4000) to = await best();
  child.stdin?.end();
  const { status, stderr } = await over;
  expect([status, stderr]).toEqual([42, expect.stringMatching(/rate that was measured on this host: \d+ kHz/)]);
  const hostMs = to.hostMs - from.hostMs;
  const error = Math.abs(to.guestMs - from.guestMs - hostMs) / hostMs;
  expect(error).toBeLessThan(0.0005 + (from.roundMs + to.roundMs) / hostMs);
});
