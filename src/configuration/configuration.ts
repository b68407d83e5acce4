import { homedir } from 'node:os';
import type { CommandUnknownOpts } from 'commander';
import { EulabError, status } from '../errors.ts';
import { didYouMean, nearest } from '../nearest.ts';
import { type Findings, findings, isTable, type Said } from './check.ts';
import { type Document, readDocument } from './document.ts';
import type { ConfigFile } from './find.ts';
import { type Mistake, refusal } from './mistake.ts';
import { type Section, sectionOf, tableName, wordsOf } from './section.ts';
import { exclude, settingsOf } from './setting.ts';

/** The settings of the files, for one call. */
export interface Configuration {
  /**
   * Gives a command what the files say of it, where neither the command line nor the environment said it.
   *
   * @throws EulabError (2) with all that is wrong in the tables that this command reads.
   */
  configure(command: CommandUnknownOpts): void;
  /** Gives a command that was configured what a machine's table says, on top. @throws EulabError (2) also when there is no machine of that name. */
  machine(command: CommandUnknownOpts, name: string): void;
  /** What the files say in the tables of a verb, the one that counts last. @throws EulabError (2) with all that is wrong in them. */
  says(verb: CommandUnknownOpts): readonly Said[];
  /** The machines that there are. */
  machines(): readonly string[];
  /** What was given to the command so far. */
  readonly given: readonly Said[];
}

/**
 * What the files say, in rising order; they are read when a command asks that has settings. `verbs` are the tables that there may be.
 */
export function configuration(files: readonly ConfigFile[], verbs: readonly string[]): Configuration {
  let read: readonly Document[] | undefined;
  const documents = () => {
    read ??= files.map(readDocument);
    return read;
  };
  const given = new Map<string, Said>();
  const give = (command: CommandUnknownOpts, said: readonly Said[]) => {
    for (const one of said) {
      const { option } = one.setting;
      if (put(command, one)) given.set(option.attributeName(), one);
    }
    for (const [attribute] of given) if (command.getOptionValueSource(attribute) !== 'config') given.delete(attribute);
  };
  return {
    get given() {
      return [...given.values()];
    },
    configure: (command) => {
      given.clear();
      if (settingsOf(command).length === 0) return;
      const path = pathOf(command);
      const [top = command] = ancestors(command);
      const found = saidIn(documents(), [sectionOf(top)], verbs);
      const ours = found.filter((one) => one.path.slice(0, -1).every((name, index) => name === path[index]));
      give(command, inRisingOrder(ours));
    },
    says: (verb) => inRisingOrder(saidIn(documents(), [sectionOf(verb)], verbs)),
    machines: () => machineNames(documents()),
    machine: (command, name) => {
      if (!machineNames(documents()).includes(name)) throw noMachine(documents(), name);
      give(command, saidIn(documents(), [machineSection(command, name)], verbs));
      // Others call it by the name that it has here.
      if (command.getOptionValueSource('name') === undefined) command.setOptionValueWithSource('name', name, 'config');
    },
  };
}

/** The narrower table wins over the wider one; sorting keeps the order of the files otherwise. */
function inRisingOrder(said: readonly Said[]): Said[] {
  return said.toSorted((a, b) => a.path.length - b.path.length);
}

/** The paths of those files that have this table; what cannot be read has none. */
export function naming(files: readonly ConfigFile[], table: string): string[] {
  return files.flatMap((file) => {
    try {
      return table in readDocument(file).root ? [file.path] : [];
    } catch {
      return [];
    }
  });
}

/** The table of a machine, which has what `boot` has. */
export function machineSection(boot: CommandUnknownOpts, name: string): Section {
  return sectionOf(boot, ['machine', name]);
}

/** All that documents say of all verbs and machines, and all that is wrong with it. */
export function findAll(documents: readonly Document[], verbs: readonly CommandUnknownOpts[]): Findings {
  const boot = verbs.find((verb) => verb.name() === 'boot');
  const names = machineNames(documents);
  const sections = [
    ...verbs.map((verb) => sectionOf(verb)),
    ...(boot === undefined ? [] : names.map((name) => machineSection(boot, name))),
  ];
  const tables = verbs.map((verb) => verb.name());
  const all = documents.flatMap((document) => sections.map((section) => findings(document, section, homedir())));
  const mistakes = [...documents.flatMap((document) => rootMistakes(document, tables)), ...all.flatMap((one) => one.mistakes)];
  return { said: all.flatMap(({ said }) => said), mistakes: byPlace(mistakes) };
}

/** In the order of the files' lines. */
function byPlace(mistakes: readonly Mistake[]): Mistake[] {
  return mistakes.toSorted((a, b) => a.place.localeCompare(b.place, 'en', { numeric: true }));
}

/** What the documents say in these sections, in their order. @throws EulabError (2) with all mistakes. */
function saidIn(documents: readonly Document[], sections: readonly Section[], verbs: readonly string[]): Said[] {
  const all = documents.flatMap((document) => sections.map((section) => findings(document, section, homedir())));
  const mistakes = [...documents.flatMap((document) => rootMistakes(document, verbs)), ...all.flatMap((one) => one.mistakes)];
  if (mistakes.length > 0) throw refusal(byPlace(mistakes));
  return all.flatMap(({ said }) => said);
}

/** What stands outside of all tables, and tables of nothing. */
export function rootMistakes(document: Document, verbs: readonly string[]): Mistake[] {
  return Object.entries(document.root).flatMap(([name, value]): Mistake[] => {
    const place = document.place([name], 'key');
    if (name === 'machine') return machineMistakes(document);
    if (verbs.includes(name)) return [];
    if (!isTable(value) && !Array.isArray(value)) {
      return [{ place, message: `${name} stands in no table`, hint: `put it below the verb that it is for, as in [boot]` }];
    }
    const near = nearest(name, [...verbs, 'machine']);
    const hint = near === undefined ? `there are ${verbs.join(', ')} and machine.NAME` : `did you mean [${near}]?`;
    return [{ place, message: `there is no table [${tableName([name])}]`, hint }];
  });
}

/** As `--name` takes it, since the machine that runs is called so. */
const machineName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;

function machineMistakes(document: Document): Mistake[] {
  const { machine } = document.root;
  if (!isTable(machine)) {
    return [{ place: document.place(['machine'], 'key'), message: 'machine is no table', hint: 'write [machine.NAME]' }];
  }
  return Object.entries(machine).flatMap(([name, value]): Mistake[] => {
    const place = document.place(['machine', name], 'key');
    if (!isTable(value)) {
      return [
        {
          place,
          message: `machine.${name} is no table`,
          hint: `[machine] holds machines by their names: [machine.NAME] ${name} = ...`,
        },
      ];
    }
    if (machineName.test(name)) return [];
    return [{ place, message: `${JSON.stringify(name)} is no name of a machine`, hint: 'letters, digits, . _ -, at most 40' }];
  });
}

/** The machines that the files name, in their order. */
export function machineNames(documents: readonly Document[]): string[] {
  const names = documents.flatMap(({ root }) => (isTable(root['machine']) ? Object.keys(root['machine']) : []));
  return [...new Set(names)];
}

function noMachine(documents: readonly Document[], name: string): EulabError {
  const names = machineNames(documents);
  const others = names.length === 0 ? '' : `there are ${names.join(', ')}; `;
  const files = documents.length === 0 ? 'no eulab.toml names any' : `none in ${documents.map(({ path }) => path).join(', ')}`;
  return new EulabError(`no machine is called ${JSON.stringify(name)}${names.length === 0 ? `: ${files}` : ''}`, {
    hint: didYouMean(name, names, `${others}a command comes after --: eulab boot -- ${name}`),
    exitCode: status.usage,
  });
}

/** Gives one setting to a command; false when a higher one is in its way. */
function put(command: CommandUnknownOpts, { setting: { option }, value }: Said): boolean {
  const attribute = option.attributeName();
  // A table of several verbs says more than each of them has.
  if (!command.options.some((other) => other.attributeName() === attribute)) return false;
  if (!isLow(command, attribute)) return false;
  const rivals = command.options.filter((other) => exclude(option, other) && isSaid(command, other));
  const means = value !== undefined && !(option.negate && value === true);
  if (means && rivals.some((rival) => !isLow(command, rival.attributeName()))) return false;
  for (const rival of means ? rivals : []) command.setOptionValueWithSource(rival.attributeName(), rival.defaultValue, 'default');
  command.setOptionValueWithSource(attribute, value, 'config');
  return true;
}

/** Said by nobody, or by a file. */
function isLow(command: CommandUnknownOpts, attribute: string): boolean {
  return [undefined, 'default', 'config'].includes(command.getOptionValueSource(attribute));
}

function isSaid(command: CommandUnknownOpts, option: CommandUnknownOpts['options'][number]): boolean {
  const attribute = option.attributeName();
  const source = command.getOptionValueSource(attribute);
  const value: unknown = command.getOptionValue(attribute);
  return source !== undefined && source !== 'default' && value !== undefined && !(option.negate && value === true);
}

/** The verb and its verbs down to a command, without the program. */
export function ancestors(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return command.parent === null ? [] : [...ancestors(command.parent), command];
}

function pathOf(command: CommandUnknownOpts): string[] {
  return wordsOf(command).slice(1);
}

/** Lines that say where the settings came from that an error is about. */
export function traced(given: readonly Said[], message: string): string[] {
  return given
    .filter(({ setting: { option }, texts }) => {
      const named = new RegExp(`${option.long}(?![\\w-])`).test(message);
      return named || (typeof texts !== 'boolean' && texts.some((text) => text.length > 2 && message.includes(text)));
    })
    .map(({ document, path, setting }) => `${setting.key} is said in ${document.place(path, 'key')}`);
}
