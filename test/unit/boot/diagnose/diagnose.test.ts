import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { printable } from '../../../../src/boot/console.ts';
import { type BootError, diagnose, diagnosis, type End, rules } from '../../../../src/boot/diagnose/diagnose.ts';
import type { LimitName } from '../../../../src/boot/watch/watch.ts';

/** Ends of real machines, as test/e2e/broken makes them: for every rule the lines that it is to be known by, and some around. */
interface Seen {
  readonly name: string;
  readonly status: number;
  readonly code: number | null;
  readonly signal?: string;
  readonly limit?: LimitName;
  readonly phase?: 'firmware' | 'kernel' | 'init' | 'command';
  readonly ready?: boolean;
  readonly qemu?: readonly string[];
  readonly console?: readonly string[];
}

const seen = JSON.parse(readFileSync(join(import.meta.dirname, '../../../fixtures/boots.json'), 'utf8')) as readonly Seen[];

const end: End = { code: 0, signal: null, stderr: '', console: [], log: '/tmp/boot.log' };
const said = (...texts: readonly string[]) => texts.map((text, ms) => ({ ms, text }));
const over = (limit: LimitName, phase: NonNullable<Seen['phase']>) => ({ limit, phase, limitMs: 4000, message: 'it is over' });

function endOf({ code, signal, limit, phase, ready, qemu, console }: Seen): End {
  return {
    ...end,
    code,
    signal: signal ?? null,
    stderr: (qemu ?? []).map((line) => `${line}\n`).join(''),
    console: said(...(console ?? [])),
    ready,
    limit: limit === undefined || phase === undefined ? undefined : over(limit, phase),
  };
}

test.each(seen.map((row) => [row.name, row] as const))('%s', (name, row) => {
  const found = diagnosis(endOf(row));
  expect([found.name, found.status]).toEqual([name, row.status]);
  for (const text of [found.cause, found.remedy]) expect(text).toMatch(/^[^\n]{10,}$/);
  expect(`${found.cause}${found.remedy}`).not.toMatch(/\$\d|undefined/);
});

/** No machine of ours fails so: a hardware that cannot be emulated here, or a fault of QEMU or of the host itself. */
const unseen = ['qemu-kvm-refused', 'kvm-internal-error', 'hard-lockup', 'init-not-startable', 'root-unusable'];

test('every rule has a name of its own, and was seen', () => {
  const names = rules.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.every((name) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toBe(true);
  expect(names.filter((name) => !seen.some((row) => row.name === name)).sort()).toEqual([...unseen].sort());
});

const panic = '[    0.5] Kernel panic - not syncing: ';

test.each<[string, Partial<End>, string, number]>([
  ['nothing that is known', { code: 3, console: said('[    0.1] hello') }, 'unknown', 125],
  ['a panic under a QEMU that fails', { code: 1, console: said(`${panic}x`) }, 'panic', 255],
  [
    'what the kernel lacked, not what came of it',
    {
      console: said(
        '[    0.3] Initramfs unpacking failed: compression method xz not configured',
        '[    0.4] VFS: Cannot open root device "(null)" or unknown-block(0,0): error -6',
        `${panic}VFS: Unable to mount root fs on unknown-block(0,0)`,
      ),
    },
    'initramfs-decompressor-missing',
    255,
  ],
  [
    'the fault, not the init that it ended',
    {
      console: said(
        '[    0.4] BUG: kernel NULL pointer dereference, address: 0',
        `${panic}Attempted to kill init! exitcode=0x00000009`,
      ),
    },
    'null-dereference',
    255,
  ],
  [
    'a warning long before is no cause',
    { console: said('[    0.1] WARNING: CPU: 0 PID: 1 at mm/x.c:1', `${panic}x`) },
    'panic',
    255,
  ],
  [
    'a report is no cause of a command that takes too long',
    { limit: over('whole', 'command'), ready: true, console: said('[    0.1] BUG: KASAN: use-after-free in f+0x1/0x2') },
    'timeout',
    124,
  ],
  [
    'a lockup is',
    {
      limit: over('whole', 'command'),
      ready: true,
      console: said('[    9.1] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:9]'),
    },
    'soft-lockup',
    124,
  ],
  [
    'a report is no cause of a peaceful end',
    { console: said('UBSAN: shift in a.c', '[ 1.0] reboot: Power down') },
    'guest-powered-off',
    125,
  ],
])('%s', (_what, changes, name, status) => {
  expect(diagnosis({ ...end, ...changes })).toMatchObject({ name, status });
});

test('other reports are noted, when they are not among the lines that are shown', () => {
  const warning = '[    0.1] WARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2';
  const { notes } = diagnosis({ ...end, console: said(warning, ...Array<string>(9).fill('[    0.2] x'), `${panic}x`) });
  expect(notes).toEqual([warning]);
});

test('the kernel’s setup code echoed by the firmware is read as one', () => {
  const echoed = [...'This kernel requires an x86-64 CPU, but only detected an i686 CPU.']
    .map((letter) => letter + letter)
    .join('');
  expect(diagnosis({ ...end, console: said(echoed) })).toMatchObject({
    name: 'kernel-for-another-cpu',
    proof: [expect.stringMatching(/^This kernel/)],
  });
});

test('the error has the cause, the proof, the remedy and where the console is', () => {
  const error: BootError = diagnose({ ...end, code: 1, stderr: 'one\ntwo\n' });
  expect(error).toMatchObject({
    message: error.diagnosis.cause,
    details: ['one', 'two'],
    exitCode: 125,
    hint: `${error.diagnosis.remedy}; the whole console: /tmp/boot.log`,
  });
});

test('where no rule fits, the last lines are shown', () => {
  const lines = Array.from({ length: 60 }, (_, index) => `line ${index}`);
  expect(diagnosis({ ...end, code: 3, console: said(...lines) }).proof).toEqual(lines.slice(-24));
});

test('a log without escape sequences', () => {
  expect(printable(['\x1b[2J\x1b[1;1Hhello\r', '', '\x1bcA\x07B', 'tab\tstays'])).toEqual(['hello', 'AB', 'tab\tstays']);
});
