import type { Facts, Sentence } from '../../src/boot/diagnose/rule.ts';

const facts: Facts = {
  ...{ code: null, signal: null, stderr: '', console: [], log: '', texts: [], said: [], phase: 'kernel' },
  limit: { limit: 'silence', limitMs: 0, phase: 'kernel', message: '...' },
};

/** What a rule says of a machine, with dots for what it takes from a console. */
export function general(sentence: Sentence): string {
  return typeof sentence === 'string' ? sentence.replaceAll(/\$\d/g, '...') : sentence(['...'], facts).replace('NaN', '...');
}
