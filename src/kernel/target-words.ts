import { EulabError, status } from '../errors.ts';
import { profiles } from './profile.ts';

/** What a user has make do in the object folder of a kernel. */
export interface Targets {
  /** For make, without M= and what eulab makes itself. */
  readonly words: readonly string[];
  /** The folder of a module that is none of the kernel's own, as it was said. */
  readonly module: string | undefined;
  /** A menu, which is drawn on the terminal; its target. */
  readonly menu: string | undefined;
  /** The config is changed. */
  readonly config: boolean;
  /** compile_commands.json is wanted. */
  readonly database: boolean;
}

const menus = ['menuconfig', 'nconfig', 'config', 'oldconfig', 'localmodconfig', 'localyesconfig'];
/** They end like those that change the config. */
const readers = ['savedefconfig', 'listnewconfig', 'helpnewconfig'];
const options = ['-k', '-B', '-n', '-s'];

/**
 * The words behind `--`, as for make. Pure.
 *
 * @throws EulabError (2) for one that would lead make out of the object folder, or mix it up.
 */
export function targets(words: readonly string[]): Targets {
  for (const word of words) refuse(word);
  const module = words.findLast((word) => word.startsWith('M='))?.slice(2);
  if (module === '') throw wrong('M=', 'names no folder', 'eulab build kernel -- M=FOLDER');
  const rest = words.filter((word) => !word.startsWith('M='));
  const config = rest.some((word) => /^(?:[a-z0-9_]*config|.*\.config)$/.test(word) && !readers.includes(word));
  if (config && module !== undefined) throw wrong(`M=${module}`, 'has no config of its own', 'make the config first, without M=');
  return {
    words: rest.filter((word) => word !== database),
    module,
    menu: rest.find((word) => menus.includes(word)),
    config,
    database: rest.includes(database),
  };
}

const database = 'compile_commands.json';

/** What is not for make to do in a folder that eulab keeps, each with what is to be done instead. */
const refusals: readonly { readonly word: RegExp; readonly what: string; readonly hint: string }[] = [
  {
    word: /^(?:O|KBUILD_OUTPUT|KBUILD_EXTMOD|KBUILD_SRC|MO|srctree|objtree)=/,
    what: 'the folders are chosen by eulab',
    hint: 'leave it out; a module outside of the tree is M=FOLDER',
  },
  {
    word: /^(?:ARCH|SUBARCH|CROSS_COMPILE|CC|LD|LLVM|LLVM_IAS|HOSTCC)=/,
    what: 'all objects of a folder are made by the same programs',
    hint: 'say it to eulab: --arch, --toolchain',
  },
  {
    word: /^(?:z?install|vmlinuz_install|modules_install|headers_install|dtbs_install|modules_sign)$/,
    what: 'eulab installs nothing on this machine',
    hint: 'eulab build kernel leaves the modules in artifacts/modules',
  },
  {
    word: /^(?:rpm|srcrpm|binrpm|deb|bindeb|snap|dir|tar|targz|tarbz2|tarxz|tarzst|perf-tar.*|pacman)-pkg$/,
    what: 'packages would lie outside of the object folder',
    hint: 'eulab build kernel leaves what is in them in artifacts/',
  },
  {
    word: /^[xg]config$/,
    what: 'it draws windows, and there is no display in a build',
    hint: 'eulab build kernel -- menuconfig',
  },
  {
    word: /^-(?:j.*|-jobs.*)$/,
    what: 'the number of jobs is said to eulab',
    hint: 'eulab build kernel --jobs N -- TARGET',
  },
];

function refuse(word: string): void {
  const known = profiles.find(({ name }) => name === word && name !== 'defconfig');
  if (known !== undefined) throw wrong(word, 'is a profile, and no target of make', `eulab build kernel --profile ${word}`);
  if (word === '' || /[\n\0]/.test(word))
    throw wrong(JSON.stringify(word), 'is no target', 'eulab build kernel -- help lists them');
  const found = refusals.find((refusal) => refusal.word.test(word));
  if (found !== undefined) throw wrong(word, found.what, found.hint);
  if (word.startsWith('-') && !options.includes(word)) {
    throw wrong(word, 'is none of the options of make that are passed on', `those are ${options.join(', ')}`);
  }
}

function wrong(word: string, what: string, hint: string): EulabError {
  return new EulabError(`${word}: ${what}`, { hint, exitCode: status.usage });
}

/** The error of make for a target that it does not know, in the lines of its log; undefined when it has none. Pure. */
export function unknownTarget(log: readonly string[]): string | undefined {
  return log.map((line) => /No rule to make target '([^']+)'\.\s+Stop/.exec(line)?.[1]).find((target) => target !== undefined);
}
