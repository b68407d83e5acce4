import { expect, test } from 'vitest';
import { type Found, startOf } from '../../../../src/ramdisk/image/start-program.ts';
import { elf } from '../../../images.ts';

const file = (content: string | Buffer, mode = 0o100755): Found => ({ mode, size: content.length, head: Buffer.from(content) });
const link = (to: string): Found => file(to, 0o120777);
const program = file(elf(62));
const dynamic = file(elf(62, [{ type: 3, data: Buffer.from('/lib64/ld.so\0') }]));
const bits32 = () => {
  const bytes = Buffer.alloc(64);
  bytes.write('7f454c46010101', 'hex');
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(3, 18);
  return file(bytes);
};

test.each<[string, Record<string, Found>, string[]]>([
  ['a static program', { init: program }, ['CONFIG_BINFMT_ELF']],
  ['a dynamic one with its loader', { init: dynamic, 'lib64/ld.so': program }, ['CONFIG_BINFMT_ELF']],
  [
    'a loader behind a linked folder',
    { init: dynamic, lib64: link('usr/lib64'), 'usr/lib64/ld.so': link('./x.so'), 'usr/lib64/x.so': program },
    ['CONFIG_BINFMT_ELF'],
  ],
  [
    'a script',
    { init: file('#! /bin/sh -e\n'), 'bin/sh': link('busybox'), 'bin/busybox': program },
    ['CONFIG_BINFMT_SCRIPT', 'CONFIG_BINFMT_ELF'],
  ],
  ['a link', { init: link('/sbin/../bin/init'), 'bin/init': program }, ['CONFIG_BINFMT_ELF']],
  ['a 32-bit program', { init: bits32() }, ['CONFIG_IA32_EMULATION']],
])('the kernel starts %s', (_what, files, needs) => {
  expect(startOf(new Map(Object.entries(files)), '/init')).toEqual({ fault: undefined, needs, machine: 'x86-64' });
});

test.each([
  [183, 'arm64'],
  [243, 'riscv'],
])('a program for another architecture of ours, ELF machine %i, is for %s', (number, machine) => {
  const files = new Map([['init', file(elf(number))]]);
  expect(startOf(files, '/init')).toEqual({ fault: undefined, needs: ['CONFIG_BINFMT_ELF'], machine });
});

test.each<[string, Record<string, Found>, string]>([
  ['nothing', {}, 'has no /init: the kernel would have nothing to start'],
  ['a file that is not executable', { init: file('#!/bin/sh\n', 0o100644) }, 'has an /init that is not executable'],
  ['a folder', { init: { mode: 0o040755, size: 0, head: Buffer.alloc(0) } }, 'has a folder at /init, where a program is to be'],
  ['a device', { init: { mode: 0o020600, size: 0, head: Buffer.alloc(0) } }, 'has an /init that is no ordinary file'],
  ['a link to nothing', { init: link('sbin/init') }, 'has an /init that is a link to nothing in it'],
  ['links in a circle', { init: link('a'), a: link('init') }, 'has an /init that is a link to nothing in it'],
  ['a script without its interpreter', { init: file('#!/bin/bash\n') }, 'has an /init that needs /bin/bash, which is not in it'],
  [
    'a script from another system',
    { init: file('#!/bin/sh\r\n'), 'bin/sh': program },
    'has an /init that needs "/bin/sh\\r", which is not in it',
  ],
  [
    'an interpreter that may not run',
    { init: file('#!/bin/sh\n'), 'bin/sh': file('x', 0o100644) },
    'has an /init whose interpreter /bin/sh is not executable',
  ],
  ['a script of itself', { init: file('#!/init\n') }, 'has an /init that is a script of a script of a script, and so on'],
  ['a program without its loader', { init: dynamic }, 'has an /init that needs the loader /lib64/ld.so, which is not in it'],
  [
    'a program for another CPU',
    { init: file(elf(258)) },
    'has an /init that is a program for loongarch, which eulab boots no kernels for',
  ],
  ['an object file', { init: file(elf(62, [], 1)) }, 'has an /init that is an ELF file, but no program'],
  ['a text', { init: file('echo hello\n') }, 'has an /init that is neither an ELF program nor a script that begins with #!'],
])('the kernel does not start %s', (_what, files, fault) => {
  expect(startOf(new Map(Object.entries(files)), '/init').fault).toBe(fault);
});
