import type { Argument, CommandUnknownOpts, Option } from 'commander';
import { wordsOf } from '../configuration/section.ts';
import { status } from '../errors.ts';

/** What stands in every page. */
export interface Edition {
  readonly version: string;
  /** YYYY-MM-DD. */
  readonly date: string;
}

const widest = 78;
const months = 'January February March April May June July August September October November December'.split(' ');

const meanings: Readonly<Record<keyof typeof status, string>> = {
  done: 'What was asked for is done.',
  failed: 'The work failed.',
  usage: 'The command line, a value or a file of settings cannot be.',
  notReady: 'The host lacks something: a program, a right, a device.',
  timeout: 'The time limit ended it.',
  unknown: "Booting a command: eulab or QEMU failed before the command's status was known.",
  guestDied: 'Booting a command: the kernel panicked, or the machine died.',
};

/**
 * The manual page of a command, in mdoc; `name` is the page's: eulab-build-kernel for `eulab build kernel`. Pure.
 *
 * @see mdoc(7)
 */
export function page(command: CommandUnknownOpts, { version, date }: Edition): string {
  const [year = '', month, day] = date.split('-');
  const words = wordsOf(command);
  const { texts, examples } = after(command);
  const lines = [
    `.Dd ${months[Number(month) - 1]} ${Number(day)}, ${year}`,
    `.Dt ${pageName(command).toUpperCase()} 1`,
    '.Os',
    '.Sh NAME',
    `.Nm ${pageName(command)}`,
    `.Nd ${plain(command.summary() || command.description()).replace(/\.$/, '')}`,
    '.Sh SYNOPSIS',
    '.Nm eulab',
    ...words.slice(1).map((word) => `.Cm ${word}`),
    ...(command.options.length > 0 ? ['.Op Ar option ...'] : []),
    ...(command.commands.length > 0 ? ['.Ar command'] : command.registeredArguments.map(argument)),
    '.Sh DESCRIPTION',
    ...prose(command.description()),
    ...list(command.registeredArguments.map((one) => [`Ar ${one.name()}`, described(one)])),
    ...texts.flatMap(block),
    ...(command.parent === null ? ['.Pp', `This is version ${version}.`] : []),
    ...children(command),
    ...options(command),
    ...environment(command),
    '.Sh EXIT STATUS',
    ...list(Object.entries(status).map(([key, code]) => [String(code), meanings[key as keyof typeof status]])),
    ...(examples.length > 0 ? ['.Sh EXAMPLES', ...literal(examples)] : []),
    '.Sh SEE ALSO',
    ...references(related(command)),
  ];
  return `${lines.join('\n')}\n`;
}

/** A command and those below it, each with a page. Pure. */
export function pages(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...visible(command).flatMap(pages)];
}

/** eulab-build-kernel. Pure. */
export function pageName(command: CommandUnknownOpts): string {
  return wordsOf(command).join('-');
}

function visible(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return command
    .createHelp()
    .visibleCommands(command as never)
    .filter((one) => one.name() !== 'help') as unknown as CommandUnknownOpts[];
}

function argument(one: Argument): string {
  const name = `Ar ${one.name()}${one.variadic ? ' ...' : ''}`;
  return one.required ? `.${name}` : `.Op ${name}`;
}

/** The sentence of an argument or an option, with what it may be and what it is when nobody says it. */
function described(one: Argument | Option): string {
  const facts = [
    ...(one.argChoices === undefined ? [] : [`one of ${one.argChoices.join(', ')}`]),
    ...(one.defaultValue === undefined && one.defaultValueDescription === undefined
      ? []
      : [`default: ${one.defaultValueDescription ?? String(one.defaultValue)}`]),
  ];
  return `${one.description}${facts.length === 0 ? '' : ` (${facts.join('; ')})`}`;
}

function children(command: CommandUnknownOpts): string[] {
  const below = visible(command);
  if (below.length === 0) return [];
  return ['.Sh COMMANDS', ...list(below.map((one) => [`Cm ${one.name()}`, one.summary() || one.description()]))];
}

/** The options, in the groups of the help. */
function options(command: CommandUnknownOpts): string[] {
  const groups = new Map<string, Option[]>();
  for (const option of command.options) {
    const heading = (option.helpGroupHeading ?? '').replace(/:$/, '');
    groups.set(heading, [...(groups.get(heading) ?? []), option]);
  }
  if (groups.size === 0) return [];
  const several = groups.size > 1;
  return [
    '.Sh OPTIONS',
    ...[...groups].flatMap(([heading, all]) => [
      ...(several ? [`.Ss ${plain(heading === '' ? 'Others' : heading)}`] : []),
      ...list(all.map((option) => [flags(option), described(option)])),
    ]),
  ];
}

/** "Fl m , Fl -memory Ar size". */
function flags({ flags: text }: Option): string {
  return text
    .split(/,\s*/)
    .map((flag) => {
      const [, name = '', value] = /^-(-?[\w-]+)(?:[ =]?(.*))?$/.exec(flag) ?? [];
      return `Fl ${plain(name)}${value === undefined || value === '' ? '' : ` Ar ${argumentText(value)}`}`;
    })
    .join(' , ');
}

function argumentText(value: string): string {
  return `"${plain(value.replace(/^<(.*)>$/, '$1')).replaceAll('"', '""')}"`;
}

function environment(command: CommandUnknownOpts): string[] {
  const variables = command.options.filter(({ envVar }) => envVar !== undefined);
  if (variables.length === 0) return [];
  return [
    '.Sh ENVIRONMENT',
    ...list(variables.map(({ envVar = '', long }) => [`Ev ${envVar}`, `as ${long}, unless that is given`])),
  ];
}

/** What the help has below the options: its paragraphs, and the lines of its examples. */
function after(command: CommandUnknownOpts): { readonly texts: readonly string[]; readonly examples: readonly string[] } {
  let help = '';
  const before = command.configureOutput();
  command.configureOutput({ writeOut: (text) => (help += text) });
  command.outputHelp();
  command.configureOutput(before);
  const more = help.slice(command.helpInformation().length).trim();
  const blocks = more === '' ? [] : more.split(/\n{2,}/);
  const isExample = (text: string) => /^(Examples?|First steps):\n/.test(text);
  return {
    texts: blocks.filter((text) => !isExample(text)),
    examples: blocks.filter(isExample).flatMap((text) => text.split('\n').slice(1)),
  };
}

/** A paragraph, with the lines that are indented as they are. */
function block(text: string): string[] {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith('  '));
  const before = first < 0 ? lines : lines.slice(0, first);
  return [...(before.length > 0 ? ['.Pp', ...prose(before.join('\n'))] : []), ...(first < 0 ? [] : literal(lines.slice(first)))];
}

function literal(lines: readonly string[]): string[] {
  return [
    '.Bd -literal -offset indent',
    ...lines.map((line) => line.replace(/^ {2}/, '')).map((line) => guarded(exact(line))),
    '.Ed',
  ];
}

function list(items: readonly (readonly [head: string, text: string])[]): string[] {
  if (items.length === 0) return [];
  return ['.Bl -tag -width Ds', ...items.flatMap(([head, text]) => [`.It ${head}`, ...prose(text)]), '.El'];
}

/** Every sentence begins on a line of its own, and no line is too long: what formatters of mdoc want. */
function prose(text: string): string[] {
  const sentences = text
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll(/([.!?][)"]?) (?=[A-Z`"(])/g, '$1\n')
    .split('\n');
  return sentences.flatMap((sentence) => {
    const lines: string[] = [];
    let line = '';
    for (const word of plain(sentence).split(' ')) {
      if (line !== '' && line.length + 1 + word.length > widest) {
        lines.push(line);
        line = '';
      }
      line += line === '' ? word : ` ${word}`;
    }
    return [...lines, line].map(guarded);
  });
}

/** Text with what roff would take for its own. @see mandoc_char(7) */
function plain(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('--', '\\-\\-');
}

/** As `plain`, to be copied: every dash stays one. */
function exact(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('~', '\\(ti');
}

/** A line that begins with a dot or a quote is no request. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** The pages above, beside and below. */
function related(command: CommandUnknownOpts): string[] {
  const { parent } = command;
  const near = [...(parent === null ? [] : [parent, ...visible(parent)]), ...visible(command)];
  return near
    .filter((one) => one !== command)
    .map(pageName)
    .sort();
}

function references(names: readonly string[]): string[] {
  return names.map((name, index) => `.Xr ${name} 1${index < names.length - 1 ? ' ,' : ''}`);
}
