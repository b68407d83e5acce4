import type { Command, CommandUnknownOpts, Option } from 'commander';
import { commandLineOnly } from '../config.ts';
import { mannerHeading } from '../manner-settings.ts';

/** A setting as a file says it. */
export interface Setting {
  /** The flag's name, without `no-`. */
  readonly key: string;
  readonly option: Option;
  /** True or false; a text; or any of these. */
  readonly kind: 'switch' | 'text' | 'either';
  /** A list of texts too. */
  readonly repeatable: boolean;
  /** Texts such as NAME=VALUE: a table of them too. */
  readonly pairs: boolean;
  /** A number too. */
  readonly numeric: boolean;
}

/** What stands for a number in a flag's description. */
const numeric = new Set(['n', 'size', 'time', 'id', 'cid', 'port']);

/** The settings of a command that a file may say, in the order of the help. Pure. */
export function settingsOf(command: CommandUnknownOpts): Setting[] {
  return optionsOf(command).filter(({ key, option }) => !commandLineOnly.has(key) && option.helpGroupHeading !== mannerHeading);
}

/** All that a command may be told. Pure. */
export function optionsOf(command: CommandUnknownOpts | Command): Setting[] {
  return command.options.map(settingOf);
}

/** An option, as a file would say it. Pure. */
export function settingOf(option: Option): Setting {
  const word = placeholder(option);
  return {
    key: keyOf(option),
    option,
    kind: option.required ? 'text' : option.optional ? 'either' : 'switch',
    repeatable: option.description.includes('(repeatable)'),
    pairs: word.includes('='),
    numeric: numeric.has(word),
  };
}

/** What stands for the value in the flag's description: `file` of `--kernel <file>`. Pure. */
export function placeholder(option: Option): string {
  return / [<[](.*)[>\]]$/.exec(option.flags)?.[1] ?? '';
}

/** What an option is, for whoever has said a wrong value. Pure. */
export function describedShort(option: Option): string {
  return option.description.replace(' (repeatable)', '');
}

function keyOf(option: Option): string {
  return (option.long ?? '').replace(/^--(no-)?/, '');
}

/** The value that a command gets of texts, as if they had stood on the command line. @throws InvalidArgumentError as there. */
export function optionValue({ option, kind, repeatable }: Setting, said: readonly string[] | boolean): unknown {
  if (typeof said === 'boolean') {
    if (option.negate) return said;
    if (!said) return undefined;
    return kind === 'either' && typeof option.presetArg === 'string' ? parsed(option, option.presetArg, undefined) : true;
  }
  const texts = repeatable ? said : said.slice(-1);
  return texts.reduce<unknown>((earlier, text) => parsed(option, text, earlier), undefined);
}

function parsed(option: Option, text: string, earlier: unknown): unknown {
  return option.parseArg === undefined ? text : option.parseArg(text, earlier);
}

/** True when two options exclude each other. Pure. */
export function exclude(a: Option, b: Option): boolean {
  return excluded(a).includes(b.attributeName()) || excluded(b).includes(a.attributeName());
}

/** What commander keeps of `conflicts`, which its types leave out. */
function excluded(option: Option): readonly string[] {
  return (option as Option & { readonly conflictsWith: readonly string[] }).conflictsWith;
}
