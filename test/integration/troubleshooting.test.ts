import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rules } from '../../src/boot/diagnose/diagnose.ts';
import { text } from '../docs/blocks.ts';
import { general } from '../docs/diagnoses.ts';
import { escaped } from '../docs/transcript.ts';
import { root } from '../eulab.ts';

/** The texts that a document says eulab prints: its headings in code. */
function printed(markdown: string): string[] {
  return [...markdown.matchAll(/^### `(.*)`$/gm)].map(([, one = '']) => one);
}

const src = join(root, 'src');
const source = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(src, name), 'utf8'))
  .join('\n');
const refusals = ['command-lines', 'configurations']
  .flatMap((name) => readFileSync(join(root, `test/fixtures/refusals/${name}.txt`), 'utf8').split('\n'))
  .map((line) => line.replace(/^(eulab: | {2}\| )?([\w.]+:\d+:\d+: )?/, ''));

/** So many letters of a text must be the program's own, or it would fit anything. */
const leastOwn = 9;

/** The texts in the source, and what boots fail for, each in pieces: between them the program fills something in. */
const templates = [
  ...[...source.matchAll(/`((?:[^`\\$]|\\.|\$\{(?:[^{}`]|\{[^}]*\}|`[^`]*`)*\})*)`/g)].map(([, one = '']) =>
    one.split(/\$\{(?:[^{}]|\{[^}]*\})*\}/),
  ),
  ...[...source.matchAll(/'((?:[^'\\\n]|\\.)*)'/g)].map(([, one = '']) => [one]),
  ...rules.map(({ cause }) => general(cause).split('...')),
].filter((pieces) => pieces.join('').replaceAll(/\W/g, '').length >= leastOwn);
const patterns = templates.map((pieces) => new RegExp(`^${pieces.map(escaped).join('.+')}$`));

/** Whether the program may print this; dots stand for anything. */
function isPrinted(said: string): boolean {
  const filled = said.replaceAll('...', 'x');
  return refusals.includes(said) || patterns.some((one) => one.test(filled));
}

test('every error text in docs/troubleshooting.md is one that eulab prints', () => {
  const said = printed(text('docs/troubleshooting.md'));
  expect(said.length).toBeGreaterThan(25);
  expect(said.filter((one) => !isPrinted(one))).toEqual([]);
});

test.each(['KVM cannot be utilised: ...', 'there is not one bridge', '...', 'the guest kernel panicked'])(
  'a text that is not printed is found: %s',
  (one) => {
    expect(isPrinted(one)).toBe(false);
  },
);
