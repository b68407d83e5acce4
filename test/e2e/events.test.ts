import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectDocument, expectEvents } from '../documents.ts';
import { ended, eulab, folder, started } from '../eulab.ts';
import { artifacts } from './artifacts.ts';

artifacts();

const env = { EULAB_ACCEL: 'tcg' };

test.concurrent('a boot tells its machine, its phases, the command and its status', async () => {
  using here = folder();
  const file = join(here.path, 'events');
  const { status, stdout, stderr } = await eulab(
    ['boot', '-v', '--name', 'told', '--events', file, '--', 'sh', '-c', 'echo out; exit 42'],
    { env: { ...env, XDG_RUNTIME_DIR: here.path } },
  );
  expect([status, stdout.toString()]).toEqual([42, 'out\n']);
  expect(stderr).toMatch(/^eulab: kernel after \d\.\d\d s$/m);
  const events = expectEvents(readFileSync(file, 'utf8')).filter(({ kind }) => kind !== 'note');
  expect(events).toMatchObject([
    { kind: 'start', verb: 'boot' },
    { kind: 'machine', name: 'told', console: expect.stringMatching(/\/logs\/boot-/) },
    { kind: 'phase', phase: 'firmware', atMs: 0 },
    { kind: 'phase', phase: 'kernel' },
    { kind: 'phase', phase: 'init' },
    { kind: 'ready' },
    { kind: 'phase', phase: 'command' },
    { kind: 'command', argv: ['sh', '-c', 'echo out; exit 42'] },
    { kind: 'command-end', status: 42 },
    { kind: 'outcome', outcome: { status: 42, diagnosis: null } },
    { kind: 'end', status: 42, error: null },
  ]);
  const times = events.flatMap(({ atMs }) => (typeof atMs === 'number' ? [atMs] : []));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test.concurrent('a boot that fails tells why', async () => {
  using here = folder();
  const file = join(here.path, 'events');
  const { status } = await eulab(['boot', '--append', 'rdinit=/sbin/none', '--events', file, '--', 'true'], { env });
  expect(status).toBe(255);
  expect(expectEvents(readFileSync(file, 'utf8')).slice(-2)).toMatchObject([
    { kind: 'outcome', outcome: { diagnosis: { name: 'init-not-in-initramfs' } } },
    { kind: 'end', status: 255, error: { hint: expect.stringContaining('eulab build ramdisk'), details: expect.any(Array) } },
  ]);
});

test('a machine that runs: listed with its console; a command in it has a time limit', async () => {
  using here = folder();
  const own = { ...env, XDG_RUNTIME_DIR: here.path };
  const child = started(['boot', '--name', 'listed', '--', 'sh', '-c', 'echo up; cat'], { env: own });
  const over = ended(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  const machines = JSON.parse((await eulab(['ps', '--json'], { env: own })).stdout.toString());
  expectDocument('machines', machines);
  expect(readFileSync(machines[0].console, 'utf8')).toContain('Linux version');
  const late = await eulab(['exec', '--timeout', '1s', 'listed', '--', 'sleep', '600'], { env: own });
  expect([late.status, late.stderr]).toEqual([124, 'eulab: the time limit of 1 s is over\n']);
  expect((await eulab(['exec', 'listed', '--', 'sh', '-c', 'ps | grep -c "[s]leep 600"'], { env: own })).stdout.toString()).toBe(
    '0\n',
  );
  child.stdin?.end();
  expect((await over).status).toBe(0);
});
