import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parse, TomlError, type TomlTable } from 'smol-toml';
import { EulabError, isErrno, status } from '../errors.ts';
import type { ConfigFile } from './find.ts';
import { type Path, type Place, places } from './places.ts';

/** A file of settings that was read. */
export interface Document extends ConfigFile {
  readonly root: TomlTable;
  /** Where a key stands, or its value. */
  readonly where: (path: Path, part: 'key' | 'value') => Spot;
  /** The same as people and editors read it: FILE:LINE:COLUMN. */
  readonly place: (path: Path, part: 'key' | 'value') => string;
}

/** A place in a file. */
export interface Spot extends Place {
  readonly file: string;
}

/** Reads a file of settings. @throws EulabError (2) when it cannot be read or is no TOML, with the place. */
export function readDocument(file: ConfigFile): Document {
  return documentOf(file, read(file.path));
}

/** A file of settings with this text. @throws EulabError (2) when it is no TOML, with the place. */
export function documentOf(file: ConfigFile, text: string): Document {
  let find: ReturnType<typeof places> | undefined;
  const where: Document['where'] = (path, part) => {
    find ??= places(text);
    return { file: file.path, ...(find(path)?.[part] ?? { line: 1, column: 1 }) };
  };
  try {
    return { ...file, root: parse(text), where, place: (path, part) => shown(where(path, part)) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error;
    const what = (error.message.split('\n')[0] ?? '').replace('Invalid TOML document: ', '');
    throw new EulabError(`${shown({ file: file.path, line, column })}: ${what}`, {
      details: [text.split('\n')[line - 1] ?? '', `${' '.repeat(column - 1)}^`],
      hint: remedy(what, text.split('\n')[line - 1] ?? ''),
      exitCode: status.usage,
    });
  }
}

/** FILE:LINE:COLUMN; the file is relative where it lies in the current folder. */
function shown({ file, line, column }: Spot): string {
  return `${near(file)}:${line}:${column}`;
}

/** A path as it is shown: relative to the current folder where it lies in there. */
export function near(path: string): string {
  const short = relative('.', path);
  return short.startsWith('..') ? path : short;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw new EulabError(`${near(path)} cannot be read (${error.code})`, {
      hint: 'mend it, or do without: --config none',
      exitCode: status.usage,
    });
  }
}

/** What is most likely meant, by the line. */
function remedy(what: string, line: string): string {
  const [, key, mark, value = ''] = /^\s*([\w.-]+)\s*([=:])\s*(.*?)\s*(?:#.*)?$/.exec(line) ?? [];
  if (what.startsWith('trying to redefine')) return 'say it once: put both together, or take one of them out';
  if (key !== undefined && mark === ':')
    return `write ${key} = ${/^["'[{]|^(\d+(\.\d+)?|true|false)$/.test(value) ? value : JSON.stringify(value)}`;
  if (key !== undefined && value === '') return `give it a value: ${key} = "..."`;
  if (key !== undefined && /^[^"'[{]/.test(value)) return `a text stands in quotes: ${key} = ${JSON.stringify(value)}`;
  if (/^\s*\[/.test(line)) return 'a table is written [boot], [build.kernel] or [machine.NAME]';
  if (what.startsWith('control characters')) return 'close the quotes at the end of the line';
  return 'it is TOML: [table], key = "text", key = 1, key = true, key = ["a", "b"], # a comment';
}
