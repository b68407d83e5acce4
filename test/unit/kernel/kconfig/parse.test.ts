import { expect, test } from 'vitest';
import { type Entry, type Node, parse } from '../../../../src/kernel/kconfig/parse.ts';

/** Kind and name of each entry, with what stands below it. */
function outline(nodes: readonly Node[]): unknown[] {
  return nodes.map((node) => {
    if (node.kind === 'source') return `source ${node.path}`;
    const name = `${node.kind}${node.symbol === undefined ? '' : ` ${node.symbol}`}`;
    return node.below.length === 0 ? name : [name, outline(node.below)];
  });
}

test('blocks nest, and sources are followed by name', () => {
  const text = `mainmenu "Linux/$(ARCH)"
comma := ,
cc-option = $(success,$(CC) $(1) -c)
source "scripts/Kconfig.include"
menu "Bus"
	depends on A
config PCI
	bool "PCI"
if PCI
source "arch/$(SRCARCH)/Kconfig"
choice
	prompt "Which"
config ONE
	bool "One"
config TWO
	bool "Two"
endchoice
endif # PCI
endmenu
menuconfig LAST
	bool
`;
  expect(outline(parse(text, 'Kconfig', { SRCARCH: 'x86' }))).toEqual([
    'other',
    'source scripts/Kconfig.include',
    ['menu', ['config PCI', ['if', ['source arch/x86/Kconfig', ['choice', ['config ONE', 'config TWO']]]]]],
    'config LAST',
  ]);
});

test('an entry has all that is said about it', () => {
  const text = `config A
	tristate "the A" if EXPERT
	prompt 'other'
	depends on B && \\
		C
	depends on D
	default m if E
	default y
	select F if G
	select H
	imply I
	range 1 0x10 if J
config K
	def_bool $(cc-option,-mk)
`;
  const [a, k] = parse(text, 'f') as [Entry, Entry];
  expect(a).toMatchObject({ symbol: 'A', file: 'f', line: 1, type: 'tristate' });
  expect(a.prompts.map(({ text, if: condition }) => [text, condition?.kind])).toEqual([
    ['the A', 'symbol'],
    ['other', undefined],
  ]);
  expect(a.depends).toHaveLength(2);
  expect(a.depends[0]).toMatchObject({ kind: 'and', of: [{ name: 'B' }, { name: 'C' }] });
  expect(a.defaults.map(({ if: condition }) => condition?.kind)).toEqual(['symbol', undefined]);
  expect(a.selects).toEqual([{ symbol: 'F', if: { kind: 'symbol', name: 'G' } }, { symbol: 'H' }]);
  expect(a.ranges).toEqual([
    { low: { kind: 'constant', value: '1' }, high: { kind: 'constant', value: '0x10' }, if: { kind: 'symbol', name: 'J' } },
  ]);
  expect(k).toMatchObject({ symbol: 'K', line: 13, type: 'bool', defaults: [{ value: { kind: 'unknown' } }] });
});

test('help is text, whatever it looks like', () => {
  const text = `config A
	bool "A"
	help
	  config NOT
	  depends on NOT \\

	    endmenu
	  if NOT
config B
	bool
	---help---
	config
	depends on
	NOT
	depends on NOT
config C
	bool
	help

config D
	bool
`;
  const entries = parse(text, 'f') as Entry[];
  expect(entries.map(({ symbol, depends }) => [symbol, depends.length])).toEqual([
    ['A', 0],
    ['B', 0],
    ['C', 0],
    ['D', 0],
  ]);
});

test('a comment takes its dependency with it', () => {
  const [, a] = parse('comment "needs X"\n\tdepends on !X\nconfig A\n\tbool\n', 'f') as [Entry, Entry];
  expect(a.depends).toEqual([]);
});
