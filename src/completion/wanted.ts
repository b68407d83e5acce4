import type { Argument, CommandUnknownOpts, Option } from 'commander';
import { describedShort, placeholder } from '../configuration/setting.ts';

/** A word that could stand there, and what it is. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** Things that have names on this host, or in this workspace. */
export type Named = 'kernels' | 'disks' | 'running' | 'machines' | 'cards' | 'profiles' | 'tables';

/** What could stand where a command line ends. */
export interface Wanted {
  readonly candidates: readonly Candidate[];
  readonly named: Named | undefined;
  readonly files: 'files' | 'folders' | 'none';
  /** What stands before the name in the same word, such as `--kernel=`. */
  readonly before: string;
  /** The values of eulab's own options before it. */
  readonly own: Readonly<Record<string, string>>;
}

const nothing = { candidates: [], named: undefined, files: 'none', before: '' } as const;

/** What could follow `words`, as the word that begins with `current`. `program` has all that the verb in them has. Pure. */
export function wanted(program: CommandUnknownOpts, words: readonly string[], current: string): Wanted {
  const own: Record<string, string> = {};
  let command = program;
  let open: Option | undefined;
  const operands: string[] = [];
  const said = new Set<string>();
  for (const word of words) {
    if (open !== undefined) {
      if (command === program) own[open.attributeName()] = word;
      open = undefined;
    } else if (word === '--') return { ...nothing, own };
    else if (word.startsWith('-') && word.length > 1) {
      const [flag = '', value] = word.split(/=(.*)/s);
      const option = optionOf(command, flag);
      if (option !== undefined) said.add(option.long ?? flag);
      if (value !== undefined && option !== undefined && command === program) own[option.attributeName()] = value;
      if (value === undefined && option?.required) open = option;
    } else if (word !== 'help' || operands.length > 0) {
      const below = operands.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (below === undefined) operands.push(word);
      else command = below;
    }
  }
  if (open !== undefined) return { ...nothing, ...valuesOf(open), own };
  const [, flag = '', value] = /^(--[a-z-]+)=(.*)$/s.exec(current) ?? [];
  const option = value === undefined ? undefined : optionOf(command, flag);
  if (option !== undefined) return { ...nothing, ...valuesOf(option), before: `${flag}=`, own };
  if (current.startsWith('-')) return { ...nothing, candidates: flagsOf(command, said), own };
  return { ...nothing, ...operandsOf(command, operands.length), own };
}

function optionOf(command: CommandUnknownOpts, flag: string): Option | undefined {
  return command.options.find(({ short, long }) => flag === short || flag === long);
}

/** The flags that may still be said, each by its long name. */
function flagsOf(command: CommandUnknownOpts, said: ReadonlySet<string>): Candidate[] {
  const open = command.options.filter(({ long, description }) => !said.has(long ?? '') || description.includes('(repeatable)'));
  return [
    ...open.map((option) => ({ word: option.long ?? '', about: describedShort(option) })),
    { word: '--help', about: 'this help' },
  ];
}

/** Verbs, or what an argument may be. */
function operandsOf(command: CommandUnknownOpts, index: number): Partial<Wanted> {
  const visible = command.createHelp().visibleCommands(command);
  const verbs = index === 0 ? visible.map((one) => ({ word: one.name(), about: one.summary() || one.description() })) : [];
  const list = command.registeredArguments;
  const argument = list[index] ?? (list.at(-1)?.variadic ? list.at(-1) : undefined);
  if (argument === undefined) return { candidates: verbs };
  const found = ofArgument(command, argument);
  return { ...found, candidates: [...verbs, ...(found.candidates ?? [])] };
}

/** The arguments that are names, by their verbs. */
const namedArguments: Readonly<Record<string, Named>> = {
  'eulab boot machine': 'machines',
  'eulab exec name': 'running',
  'eulab console name': 'running',
  'eulab stop name': 'running',
  'kernels use name': 'kernels',
  'kernels remove name': 'kernels',
  'disk remove name': 'disks',
  'config show table': 'tables',
};

function ofArgument(command: CommandUnknownOpts, argument: Argument): Partial<Wanted> {
  if (argument.argChoices !== undefined) return words(...argument.argChoices);
  if (argument.name() === 'folder') return { files: 'folders' };
  if (['file', 'a', 'b'].includes(argument.name())) return { files: 'files' };
  return { named: namedArguments[`${command.parent?.name()} ${command.name()} ${argument.name()}`] };
}

const words = (...list: readonly string[]): Partial<Wanted> => ({ candidates: list.map((word) => ({ word, about: '' })) });

/** What each kind of value is, by what stands for it in the help. */
const kinds: Readonly<Record<string, Partial<Wanted>>> = {
  kernel: { named: 'kernels', files: 'files' },
  disk: { named: 'disks', files: 'files' },
  nic: { named: 'cards' },
  profile: { named: 'profiles' },
  net: words('user', 'none', 'lab:', 'bridge', 'tap'),
  'phase=time': words('firmware=', 'kernel=', 'init=', 'command=', 'silence='),
  file: { files: 'files' },
  path: { files: 'files' },
  program: { files: 'files' },
  package: { files: 'files' },
  source: { files: 'files' },
  'src[:dst]': { files: 'files' },
  folder: { files: 'folders' },
  dir: { files: 'folders' },
};

function valuesOf(option: Option): Partial<Wanted> {
  if (option.argChoices !== undefined) return words(...option.argChoices);
  if (option.long === '--bridge') return { named: 'cards' };
  return kinds[placeholder(option)] ?? {};
}
