import { expect, test } from 'vitest';
import { printable } from '../../../src/boot/console.ts';
import { diagnose, type End } from '../../../src/boot/diagnose.ts';

const end: End = { code: 0, signal: null, stderr: '', console: [], log: '/tmp/boot.log' };

type Changes = Partial<Omit<End, 'console'>> & { readonly console?: readonly string[] };

test.each<[string, Changes, number, string]>([
  [
    'a panic',
    { console: ['[    0.1] Kernel panic - not syncing: VFS: Unable to mount root fs'] },
    255,
    'the guest kernel panicked: VFS: Unable to mount root fs',
  ],
  ['a power-off', { console: ['[    1.0] reboot: Power down'] }, 125, 'the guest switched itself off before the command ended'],
  ['a triple fault', { console: ['Decompressing Linux...'] }, 255, 'the guest died without a word'],
  ['QEMU that refuses', { code: 1, stderr: 'qemu: no such device\n' }, 125, 'QEMU ended with status 1'],
  ['QEMU that is killed', { code: null, signal: 'SIGKILL' }, 125, 'QEMU was ended by SIGKILL'],
  [
    'a kernel without virtio ports',
    { console: ['eulab: cannot run the command: no virtio port', '[ 1.0] reboot: Power down'] },
    125,
    'the guest cannot run the command: no virtio port',
  ],
  [
    'a panic under a QEMU that fails',
    { code: 1, console: ['Kernel panic - not syncing: x'] },
    255,
    'the guest kernel panicked: x',
  ],
])('%s', (_what, changes, exitCode, message) => {
  const console = (changes.console ?? []).map((text, ms) => ({ ms, text }));
  expect(diagnose({ ...end, ...changes, console })).toMatchObject({ exitCode, message });
});

test('what QEMU said is shown, and where the console is', () => {
  expect(diagnose({ ...end, code: 1, stderr: 'one\ntwo\n' })).toMatchObject({
    details: ['one', 'two'],
    hint: 'the whole console: /tmp/boot.log',
  });
});

test('a log without escape sequences', () => {
  expect(printable(['\x1b[2J\x1b[1;1Hhello\r', '', '\x1bcA\x07B', 'tab\tstays'])).toEqual(['hello', 'AB', 'tab\tstays']);
});
