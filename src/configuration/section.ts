import type { CommandUnknownOpts } from 'commander';
import { optionsOf, type Setting, settingsOf } from './setting.ts';

/** What a table of a file may hold: that of a verb, of a verb's verb, or of a machine. */
export interface Section {
  readonly path: readonly string[];
  /** By their keys; a verb with verbs of its own has all that any of them has. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** What only the command line may say. */
  readonly others: ReadonlySet<string>;
  /** Keys that mean one thing in one table below and another in another, with the names of those tables. */
  readonly divided: ReadonlyMap<string, readonly string[]>;
  readonly children: ReadonlyMap<string, Section>;
}

/** The section of a command. Pure. */
export function sectionOf(command: CommandUnknownOpts, path: readonly string[] = [command.name()]): Section {
  const children = new Map(command.commands.map((child) => [child.name(), sectionOf(child, [...path, child.name()])] as const));
  const settings = new Map<string, Setting>();
  const divided = new Map<string, readonly string[]>();
  for (const child of children.values()) {
    for (const [key, setting] of child.settings) {
      const having = [...children.values()].filter((other) => other.settings.has(key));
      const one = having.every((other) => same(other.settings.get(key), setting));
      if (one) settings.set(key, setting);
      else
        divided.set(
          key,
          having.map(({ path }) => tableName(path)),
        );
    }
  }
  for (const setting of settingsOf(command)) settings.set(setting.key, setting);
  const others = new Set([...children.values()].flatMap((child) => [...child.others]));
  for (const { key } of optionsOf(command)) if (!settings.has(key)) others.add(key);
  return { path, settings, others, divided, children };
}

/** True when two verbs mean the same by a key: it is the same entry of the table of settings. */
function same(one: Setting | undefined, other: Setting): boolean {
  return one?.option.flags === other.option.flags && one.option.description === other.option.description;
}

/** The name of a table as it stands between brackets. Pure. */
export function tableName(path: readonly (string | number)[]): string {
  return path.map((part) => (/^[A-Za-z0-9_-]+$/.test(String(part)) ? part : JSON.stringify(part))).join('.');
}

/** The words by which a command is called, the program's first. Pure. */
export function wordsOf(command: CommandUnknownOpts): string[] {
  return command.parent === null ? [command.name()] : [...wordsOf(command.parent), command.name()];
}

/** A command, or those below it that have none below them. Pure. */
export function leavesOf(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}
