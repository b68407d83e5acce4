import { show } from '../command.ts';

/** What a call says of how it speaks, and nothing of what it does. */
const manners = /^(-q|-v|--quiet|--verbose|--debug|--json|--events=.*)$/;

/** The call that does the same again, fit to paste: a verb's words and those of the command line behind them, which are `behind`. Pure. */
export function again(verb: readonly string[], behind: readonly string[]): string {
  const end = behind.includes('--') ? behind.indexOf('--') : behind.length;
  const said = behind.filter(
    (word, index) => index >= end || !(manners.test(word) || word === '--events' || behind[index - 1] === '--events'),
  );
  return show({ file: 'eulab', args: [...verb, ...said] });
}
