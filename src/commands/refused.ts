import type { CommanderError, CommandUnknownOpts } from 'commander';
import { leavesOf, wordsOf } from '../configuration/section.ts';
import { describedShort, placeholder } from '../configuration/setting.ts';
import { didYouMean, nearest } from '../nearest.ts';

/** All verbs, with all that they have. */
export type Tree = () => Promise<CommandUnknownOpts>;

interface Refused {
  readonly message: string;
  readonly hint: string | undefined;
}

/** What commander refuses, as a message and what to do. */
export async function refused(error: CommanderError, command: CommandUnknownOpts | undefined, tree: Tree): Promise<Refused> {
  const misspelt = error.code === 'commander.excessArguments' ? noVerb(command) : undefined;
  if (misspelt !== undefined) return misspelt;
  const [line = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = rest.join(' ').replace(/^\(Did|\)$/g, (found) => (found === ')' ? '' : 'did'));
  const [, what = line, why] = /^(.* is invalid(?: for argument '[^']*')?)\. (.*)$/s.exec(line) ?? [];
  const message = what.replace('command-argument value ', '');
  const told = why?.replace(/^It /, 'it ').replace('Allowed choices are', 'it is none of').replace(/\.$/, '');
  return {
    message: told === undefined ? message : `${message}: ${told}`,
    hint: suggestion || (command === undefined ? undefined : await remedy(error, line, command, tree)),
  };
}

/** A word behind a verb that has verbs of its own, and does something without: it was meant for one of them. */
function noVerb(command: CommandUnknownOpts | undefined): Refused | undefined {
  const [word] = command?.args ?? [];
  if (command === undefined || word === undefined || command.commands.length === 0) return undefined;
  const names = command.commands.map((one) => one.name());
  return { message: `${nameOf(command)} has no verb ${word}`, hint: didYouMean(word, names) };
}

/** What to do about a refused command line. */
async function remedy(error: CommanderError, line: string, command: CommandUnknownOpts, tree: Tree): Promise<string | undefined> {
  const name = nameOf(command);
  const quoted = [...line.matchAll(/'([^']*)'/g)].map(([, text = '']) => text);
  const option = command.options.find(({ flags }) => flags === quoted[0]);
  const argument = command.registeredArguments.find((one) => one.name() === quoted[1]);
  switch (error.code) {
    case 'commander.unknownOption':
      return (
        beforeTheVerb(quoted[0] ?? '', command) ??
        ofCommand(quoted[0] ?? '', command) ??
        (await elsewhere(quoted[0] ?? '', name, tree))
      );
    case 'commander.unknownCommand':
      return `${name} --help lists the verbs`;
    case 'commander.missingArgument':
    case 'commander.excessArguments':
      return `write ${name} ${command.usage()}`;
    case 'commander.optionMissingArgument':
      return option === undefined ? undefined : `${option.long}: ${describedShort(option)}`;
    case 'commander.conflictingOption':
      return 'leave one of them out';
    default: {
      const [wrong = '', choices] = argument === undefined ? [quoted[1], option?.argChoices] : [quoted[0], argument.argChoices];
      const near = nearest(wrong, choices ?? []);
      if (near !== undefined) return `did you mean ${near}?`;
      return option === undefined ? `write ${name} ${command.usage()}` : `${option.long}: ${describedShort(option)}`;
    }
  }
}

/** An option that other verbs have, or none. */
async function elsewhere(flag: string, name: string, tree: Tree): Promise<string> {
  const word = flag.replace(/=.*/s, '');
  const having = leavesOf(await tree()).filter(({ options }) => options.some(({ short, long }) => [short, long].includes(word)));
  const list = having.slice(0, 3).map(nameOf).join(', ');
  if (name === 'eulab' && having.length === 1) return `it stands behind the verb: ${list} ${word}`;
  return `${having.length === 0 ? '' : `${having.length === 1 ? `${list} has` : `${list} have`} it; `}${name} --help lists the options`;
}

/** An option of the program that was said behind the verb. */
function beforeTheVerb(flag: string, command: CommandUnknownOpts): string | undefined {
  const word = flag.replace(/=.*/s, '');
  for (let above = command.parent; above !== null; above = above.parent) {
    const there = above.options.find((option) => [option.short, option.long].includes(word));
    if (there === undefined) continue;
    const value = there.required ? ` ${placeholder(there)}` : '';
    return `it stands before the verb: ${nameOf(above)} ${there.long}${value.toUpperCase()} ${nameOf(command).replace(/^\S+ /, '')}`;
  }
  return undefined;
}

/** A short option that is none of the verb's, but of the command that the verb is to run. */
function ofCommand(flag: string, command: CommandUnknownOpts): string | undefined {
  if (flag.startsWith('--') || !command.registeredArguments.some((one) => one.name() === 'command')) return undefined;
  return `a command that has options stands behind --: ${nameOf(command)} -- COMMAND ${flag}`;
}

function nameOf(command: CommandUnknownOpts): string {
  return wordsOf(command).join(' ');
}
