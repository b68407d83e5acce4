import { expect } from 'vitest';
import { eulab } from '../eulab.ts';

/** The help of a verb, its verbs, and its examples. */
export async function helped(words: readonly string[]) {
  const { status, stdout, stderr } = await eulab([...words, '--help']);
  expect([words, status, stderr]).toEqual([words, 0, '']);
  const text = stdout.toString();
  const [, below = ''] = /^Commands:\n((?: {2}.*\n)*)/m.exec(text) ?? [];
  const listed = words.length > 0 ? below : text.slice(text.indexOf('\nBuild:\n'), text.indexOf('\nFirst steps:'));
  const verbs = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, verb = '']) => verb).filter((verb) => verb !== 'help');
  const [, lines = ''] = /^Examples:\n((?: {2}eulab .*\n?)+)/m.exec(text) ?? [];
  return { text, verbs, examples: lines.split('\n').filter(Boolean) };
}

/** The helps of every verb, and of every verb of a verb, by their words. */
export async function everyHelp(words: readonly string[] = []): Promise<[string, Awaited<ReturnType<typeof helped>>][]> {
  const one = await helped(words);
  const below = await Promise.all(one.verbs.map((verb) => everyHelp([...words, verb])));
  return [...(words.length > 0 ? [[words.join(' '), one] as [string, typeof one]] : []), ...below.flat()];
}

/** Expects that the verbs and options of these command lines are there. */
export function expectReal(lines: readonly string[], helps: ReadonlyMap<string, { readonly text: string }>): void {
  const calls = lines
    .flatMap((line) => line.split(/ && | \|\|? |; | {2}(?=\S)/))
    .map((one) => one.trim().replace(/^eulab -C \S+/, 'eulab'));
  for (const line of calls.filter((one) => one.startsWith('eulab ') && !one.startsWith('eulab --'))) {
    const words = line
      .replace(/ -- .*/, '')
      .replace(/"[^"]*"|'[^']*'/g, 'X')
      .split(' ')
      .slice(1);
    const verb = [words.slice(0, 2), words.slice(0, 1)].map((one) => one.join(' ')).find((one) => helps.has(one));
    expect([line, verb === undefined]).toEqual([line, false]);
    for (const flag of words.filter((word) => /^--?[a-z]/.test(word) && word !== '--help')) {
      expect([line, helps.get(verb ?? '')?.text]).toEqual([line, expect.stringContaining(flag.replace(/=.*/, ''))]);
    }
  }
}
