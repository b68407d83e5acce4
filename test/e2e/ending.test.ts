import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ended, eulab, processesWith, scaled, started } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

/** A mark in the guest's command line, by which its QEMU is found. */
const marked = () => {
  const mark = `mark=${randomUUID()}`;
  return { mark, options: ['boot', '--append', mark] };
};

test('a time limit ends the machine with 124, and shows the console', async () => {
  const { mark, options } = marked();
  const startedMs = Date.now();
  const { status, stderr } = await eulab([...options, '--timeout', '4s', '--', 'sleep', '60']);
  expect([status, processesWith(mark)]).toEqual([124, []]);
  expect(Date.now() - startedMs).toBeLessThan(await scaled(9000));
  expect(stderr).toContain('the time limit of 4 s is over');
  expect(stderr).toMatch(/^ {2}\| \[ +\d+\.\d+\] /m);
});

test('a panic ends it with 255 at once, shows the panic, and names the log that has all of it', async () => {
  const { mark, options } = marked();
  const { status, stderr } = await eulab([...options, '--', 'sh', '-c', 'echo c >/proc/sysrq-trigger; sleep 60']);
  expect([status, processesWith(mark)]).toEqual([255, []]);
  expect(stderr).toContain('the guest kernel panicked because somebody in the guest wrote c to /proc/sysrq-trigger');
  expect(stderr).toContain('sysrq_handle_crash');
  const log = /the whole console: (.*)/.exec(stderr)?.[1] ?? '';
  expect(existsSync(log) && readFileSync(log, 'utf8')).toContain('Linux version');
});

test('a kernel whose init ends panics: 255', async () => {
  const { status, stderr } = await eulab(['boot', '--append', 'rdinit=/bin/false', '--', 'true']);
  expect([status, stderr]).toEqual([255, expect.stringContaining('Attempted to kill init')]);
});

test('a guest that switches itself off has no status: 125', async () => {
  const { status, stderr } = await eulab(['boot', '--', 'sh', '-c', 'poweroff -f; sleep 60']);
  expect([status, stderr]).toEqual([125, expect.stringContaining('switched itself off')]);
});

test('a guest that resets is taken for dead: 255', async () => {
  const { status, stderr } = await eulab(['boot', '--', 'sh', '-c', 'echo b >/proc/sysrq-trigger; sleep 60']);
  expect([status, stderr]).toEqual([255, expect.stringContaining('the guest was reset at once')]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s ends everything, with %i', async (signal, expected) => {
  const { mark, options } = marked();
  const child = started([...options, '--', 'sh', '-c', 'echo up; sleep 60']);
  const over = ended(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  expect(processesWith(mark).length).toBeGreaterThan(1);
  child.kill(signal);
  expect((await over).status).toBe(expected);
  expect(processesWith(mark)).toEqual([]);
});

test('a reader that goes away ends everything, with the status of SIGPIPE', async () => {
  const { mark, options } = marked();
  const child = started([...options, '--', 'yes']);
  const over = once(child, 'exit');
  if (child.stdout !== null) await once(child.stdout, 'data');
  child.stdout?.destroy();
  expect((await over)[0]).toBe(141);
  expect(processesWith(mark)).toEqual([]);
});

test('QEMU that refuses to start: 125 and what it said', async () => {
  const { status, stderr } = await eulab(['boot', '--qemu-arg', '-no-such-option', '--accel', 'tcg', '--', 'true']);
  expect([status, stderr]).toEqual([125, expect.stringMatching(/QEMU refuses an option.*no-such-option/is)]);
});
