import { expect, test } from 'vitest';
import { parse as parseConfig } from '../../../../src/kernel/fragment.ts';
import { explain } from '../../../../src/kernel/kconfig/explain.ts';
import { parse } from '../../../../src/kernel/kconfig/parse.ts';
import { tree } from '../../../../src/kernel/kconfig/tree.ts';

/** What `explain` says of one symbol that was asked for and lost, in a tree of one Kconfig file. */
function why(kconfig: string, asked: string, config: string): string {
  const [symbol = '', value = ''] = asked.split('=');
  const got = parseConfig(config.replaceAll(/(\w+)=/g, 'CONFIG_$1=').replaceAll(' CONFIG', '\nCONFIG'), '.config');
  const symbols = tree(new Map([['Kconfig', parse(kconfig, 'Kconfig', { ARCH: 'x86' })]]), 'Kconfig', '6.1');
  return explain({ symbol, asked: value, got: got.get(symbol) ?? 'n' }, symbols, got);
}

const misc = `
menuconfig MISC_FILESYSTEMS
	bool "Miscellaneous filesystems"
if MISC_FILESYSTEMS
config SQUASHFS
	tristate "SquashFS"
	depends on BLOCK
endif
config BLOCK
	bool "Block"
`;
const scheduling = `
config SCHED_MC_PRIO
	bool "prio"
	select CPU_FREQ
config OTHER
	bool "other"
	select CPU_FREQ if NEVER
config CPU_FREQ
	bool "freq"
`;
const compression = `
choice
	prompt "Compression"
config KERNEL_GZIP
	bool "Gzip"
config KERNEL_XZ
	bool "XZ"
	depends on HAVE_KERNEL_XZ
config KERNEL_ZSTD
	bool "Zstd"
endchoice
`;
const numbers = `
config NR_CPUS
	int "CPUs"
	range 2 LIMIT
	default 64
config LIMIT
	int
	default 512
config BASE
	hex "Base" if EXPERT
	range 0x100 0xfff
	default 0x200
config NAME
	string "Name"
`;
const hidden = `
config HAVE_X
	bool
config DOES_Y
	def_bool y if HAVE_X
config WANT_X
	bool "want"
	select HAVE_X
config INNER
	bool "inner" if EXPERT
	default y
menu "m"
	visible if SHOWN
config IN_MENU
	bool "in menu"
endmenu
`;

test.each([
  ['one dependency', misc, 'SQUASHFS=y', 'BLOCK=y', 'depends on MISC_FILESYSTEMS [=n]'],
  ['two dependencies', misc, 'SQUASHFS=y', '', 'depends on MISC_FILESYSTEMS [=n] && BLOCK [=n]'],
  ['a dependency that is m', 'config A\n\ttristate "A"\n\tdepends on B\n', 'A=y', 'A=m B=m', 'depends on B [=m]'],
  ['m is enough for a bool', 'config A\n\tbool "A"\n\tdepends on B && C\n', 'A=y', 'B=m', 'depends on C [=n]'],
  ['an or', 'config A\n\tbool "A"\n\tdepends on B || C\n', 'A=y', '', 'depends on B [=n] || C [=n]'],
  ['a negation', 'config A\n\tbool "A"\n\tdepends on !B && (C || D)\n', 'A=y', 'B=y', 'depends on !B [=y] && (C [=n] || D [=n])'],
  [
    'the closest of two places',
    'config A\n\tbool "A"\n\tdepends on B && C\nconfig A\n\tbool "A"\n\tdepends on C\n',
    'A=y',
    '',
    'depends on C [=n]',
  ],
  [
    'alternatives',
    'config A\n\tbool "A"\n\tdepends on ((B && C) || (D && E)) || F\n',
    'A=y',
    'C=y',
    'depends on B [=n] || (D [=n] && E [=n]) || F [=n]',
  ],
  [
    'a compiler',
    'config A\n\tbool "A"\n\tdepends on $(cc-option,-ma)\n',
    'A=y',
    '',
    'depends on $(cc-option,-ma), which this toolchain may not fulfil',
  ],
  ['a selection', scheduling, 'CPU_FREQ=n', 'CPU_FREQ=y SCHED_MC_PRIO=y OTHER=y', 'selected by SCHED_MC_PRIO [=y]'],
  ['a kernel without modules', 'config A\n\ttristate "A"\n', 'A=m', 'A=y', 'MODULES [=n]: without modules m becomes y'],
  ['another member', compression, 'KERNEL_GZIP=y', 'KERNEL_ZSTD=y', 'choice: another member, KERNEL_ZSTD, is taken'],
  ['a member that cannot be', compression, 'KERNEL_XZ=y', 'KERNEL_GZIP=y', 'depends on HAVE_KERNEL_XZ [=n]'],
  [
    'the only member',
    compression,
    'KERNEL_GZIP=n',
    'KERNEL_GZIP=y',
    'choice: one member is y; ask for another: KERNEL_XZ, KERNEL_ZSTD',
  ],
  ['a typing error', misc, 'SQUASHFSS=y', '', 'no such symbol in Linux 6.1 (nearest: SQUASHFS)'],
  ['nothing like it', misc, 'FROBNICATE=y', '', 'no such symbol in Linux 6.1'],
  ['a range', numbers, 'NR_CPUS=1000', 'NR_CPUS=64 LIMIT=512', '1000 is out of range: 2 to LIMIT [=512]'],
  ['below a range', numbers, 'NR_CPUS=1', 'NR_CPUS=64 LIMIT=512', '1 is out of range: 2 to LIMIT [=512]'],
  ['a hex range', numbers, 'BASE=0x10', 'BASE=0x200 EXPERT=y', '0x10 is out of range: 0x100 to 0xfff'],
  ['a prompt under a condition', numbers, 'BASE=0x300', 'BASE=0x200', 'is offered only if EXPERT [=n]: default 0x200'],
  ['no number', numbers, 'NR_CPUS="many"', 'NR_CPUS=64', 'is an int: "many" is not a number'],
  ['no text', numbers, 'NAME=12', 'NAME=""', 'is a string: write "12"'],
  ['a text for a bool', misc, 'BLOCK="on"', '', 'is a bool: y or n'],
  ['m for a bool', misc, 'BLOCK=m', '', 'is a bool: y or n'],
  ['no prompt, but selectors', hidden, 'HAVE_X=y', '', 'is not offered (no prompt): selected by WANT_X [=n]'],
  ['no prompt, but a default', hidden, 'DOES_Y=n', 'HAVE_X=y DOES_Y=y', 'is not offered (no prompt): default y if HAVE_X [=y]'],
  ['a prompt for experts, asked n', hidden, 'INNER=n', 'INNER=y', 'is offered only if EXPERT [=n]: default y'],
  ['a menu that is not shown', hidden, 'IN_MENU=y', '', 'is offered only if SHOWN [=n]'],
  ['no reason', misc, 'BLOCK=y', '', 'no reason found: see Kconfig:9'],
])('%s', (_, kconfig, asked, config, phrase) => {
  expect(why(kconfig, asked, config)).toBe(phrase);
});
