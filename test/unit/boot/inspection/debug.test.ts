import { expect, test } from 'vitest';
import { debugArgs, debugWords, gdbCommand, stub } from '../../../../src/boot/inspection/debug.ts';
import { show } from '../../../../src/command.ts';

const socket = { kind: 'unix' } as const;
const folder = '/run/a,b';
const port = { kind: 'tcp', port: 1234 } as const;

test.each([
  ['nothing', { gdb: undefined, keepPanicked: false }, [], []],
  ['gdb', { gdb: port, keepPanicked: false }, ['-S', '-gdb', 'tcp:127.0.0.1:1234'], ['nokaslr']],
  [
    'a panic',
    { gdb: undefined, keepPanicked: true },
    ['-device', 'pvpanic-pci', '-device', 'vmcoreinfo', '-action', 'panic=pause'],
    ['panic=0'],
  ],
  [
    'both',
    { gdb: socket, keepPanicked: true },
    [
      '-S',
      '-gdb',
      'unix:/run/a,,b/gdb,server=on,wait=off',
      '-device',
      'pvpanic-pci',
      '-device',
      'vmcoreinfo',
      '-action',
      'panic=pause',
    ],
    ['nokaslr', 'panic=0'],
  ],
] as const)('%s: QEMU’s options and the kernel’s words', (_what, debug, args, words) => {
  expect([debugArgs(debug, folder), debugWords(debug)]).toEqual([args, words]);
});

test('the stub listens on this machine alone', () => {
  expect([stub(port, folder), stub(socket, folder)]).toEqual(['tcp:127.0.0.1:1234', 'unix:/run/a,,b/gdb,server=on,wait=off']);
});

test.each([
  [
    port,
    { vmlinux: '/k/vmlinux', scripts: '/k' },
    'start',
    "env PYTHONDONTWRITEBYTECODE=1 gdb -iex 'add-auto-load-safe-path /k' /k/vmlinux -ex 'target remote 127.0.0.1:1234' -ex 'hbreak start_kernel' -ex continue",
  ],
  [
    socket,
    { vmlinux: "/it's/vmlinux", scripts: undefined },
    'panic',
    `gdb '/it'\\''s/vmlinux' -ex 'target remote /run/a,b/gdb' -ex backtrace`,
  ],
  [port, { vmlinux: undefined, scripts: undefined }, 'start', "gdb -ex 'target remote 127.0.0.1:1234'"],
] as const)('the call of gdb %#', (place, symbols, when, line) => {
  expect(show(gdbCommand({ place, folder }, symbols, when))).toBe(line);
});
