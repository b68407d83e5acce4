import type { TomlTable, TomlValue } from 'smol-toml';
import { didYouMean } from '../nearest.ts';
import type { Document } from './document.ts';
import type { Mistake } from './mistake.ts';
import type { Path } from './places.ts';
import { type Base, rebased } from './relative.ts';
import { type Section, tableName } from './section.ts';
import { describedShort, exclude, optionValue, type Setting } from './setting.ts';

/** A setting that a file says. */
export interface Said {
  readonly setting: Setting;
  readonly document: Document;
  /** The table, and the key behind it. */
  readonly path: readonly string[];
  /** As the command line would have it. */
  readonly texts: readonly string[] | boolean;
  readonly value: unknown;
}

/** What a table says, and what is wrong with it. */
export interface Findings {
  readonly said: readonly Said[];
  readonly mistakes: readonly Mistake[];
}

/** A value that cannot be: what is wrong with it, and where in it. */
class Wrong extends Error {
  readonly below: Path;

  constructor(message: string, below: Path = []) {
    super(message);
    this.below = below;
  }
}

/** What a document says in the table of a section, and in those below it. Pure. */
export function findings(document: Document, section: Section, home: string): Findings {
  const base = { folder: document.path.replace(/\/[^/]*$/, ''), home };
  const table = section.path.reduce<TomlValue | undefined>(
    (above, name) => (isTable(above) && Object.hasOwn(above, name) ? above[name] : undefined),
    document.root,
  );
  if (table === undefined) return { said: [], mistakes: [] };
  if (isTable(table)) return inTable(document, section, table, base);
  const name = tableName(section.path);
  const place = document.place(section.path, 'key');
  return {
    said: [],
    mistakes: [{ place, message: `${name} is no table`, hint: `write it once, as [${name}], with its keys below` }],
  };
}

function inTable(document: Document, section: Section, table: TomlTable, base: Base): Findings {
  const said: Said[] = [];
  const mistakes: Mistake[] = [];
  for (const [key, value] of Object.entries(table)) {
    const path = [...section.path, key];
    const child = isTable(value) ? section.children.get(key) : undefined;
    const setting = section.settings.get(key);
    if (child !== undefined && isTable(value)) {
      const below = inTable(document, child, value, base);
      said.push(...below.said);
      mistakes.push(...below.mistakes);
    } else if (setting === undefined) mistakes.push(unknownKey(document, section, key, value));
    else {
      const one = read(document, setting, path, value, base);
      if ('message' in one) mistakes.push(one);
      else said.push(one);
    }
  }
  return { said, mistakes: [...mistakes, ...clashes(said.filter(({ path }) => path.length === section.path.length + 1))] };
}

function unknownKey(document: Document, section: Section, key: string, value: TomlValue): Mistake {
  const place = document.place([...section.path, key], 'key');
  const name = tableName(section.path);
  const plain = key.replace(/^no-/, '');
  const command = section.path[0] === 'machine' ? 'boot NAME' : section.path.join(' ');
  if (section.others.has(key)) {
    return { place, message: `${key} is for the command line only`, hint: `say it there: eulab ${command} --${key}` };
  }
  const tables = section.divided.get(key);
  if (tables !== undefined) {
    const list = tables.map((table) => `[${table}]`).join(' or ');
    return { place, message: `${key} in [${name}] could mean several things`, hint: `say it in ${list}` };
  }
  if (plain !== key && section.settings.get(plain)?.option.negate) {
    return { place, message: `there is no ${key} in [${name}]`, hint: `write ${plain} = ${value === false}` };
  }
  const known = [...section.settings.keys(), ...section.children.keys()];
  const written = key.replaceAll('_', '-').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const none = known.length === 0 ? `${section.path.join(' ')} has no settings` : undefined;
  return { place, message: `there is no ${key} in [${name}]`, hint: didYouMean(written, known, none) };
}

function read(document: Document, setting: Setting, path: readonly string[], raw: TomlValue, base: Base): Said | Mistake {
  const key = path.at(-1) ?? '';
  try {
    const texts = textsOf(setting, raw, base);
    return { setting, document, path, texts, value: checked(setting, texts, partsOf(raw)) };
  } catch (error) {
    const below = error instanceof Wrong ? error.below : [];
    const found = below.reduce<TomlValue>((value, part) => (value as Record<string | number, TomlValue>)[part] as TomlValue, raw);
    const why = (error as Error).message;
    return {
      place: document.place([...path, ...below], 'value'),
      message: `${[key, ...below.filter((part) => typeof part === 'string')].join('.')} = ${written(found)} ${why}`,
      hint: hintFor(setting, found),
    };
  }
}

/** Where in a value its texts stand. */
function partsOf(raw: TomlValue): readonly Path[] {
  if (Array.isArray(raw)) return raw.map((_, index) => [index]);
  return isTable(raw) ? Object.keys(raw).map((key) => [key]) : [];
}

/** The nearest choice, or what the setting is. */
function hintFor({ key, kind, numeric, option }: Setting, found: TomlValue): string {
  if (kind === 'switch') return `write ${key} = true or ${key} = false`;
  if (found instanceof Date || (typeof found === 'number' && !numeric))
    return `write it in quotes: "${JSON.stringify(found).replaceAll('"', '')}"`;
  const described = `${key}: ${describedShort(option)}`;
  return typeof found === 'string' ? didYouMean(found, option.argChoices ?? [], described) : described;
}

/** A value as the command line would have it. @throws Wrong */
function textsOf(setting: Setting, raw: TomlValue, base: Base): readonly string[] | boolean {
  const { kind, repeatable, pairs } = setting;
  if (typeof raw === 'boolean' && kind !== 'text') return raw;
  if (kind === 'switch') throw new Wrong(`is ${typeName(raw)}: it may be true or false`);
  if (Array.isArray(raw) && repeatable) {
    return raw.map((one, index) => {
      const text = plain(one, setting);
      if (text === undefined) throw new Wrong(`is ${typeName(one)} in a list of texts`, [index]);
      return rebased(setting, text, base);
    });
  }
  if (isTable(raw) && pairs) {
    return Object.entries(raw).map(([name, value]) => {
      const text = typeof value === 'number' ? String(value) : plain(value, setting);
      if (text === undefined) throw new Wrong(`is ${typeName(value)}: it may be a text`, [name]);
      return `${name}=${text}`;
    });
  }
  const text = plain(raw, setting);
  if (text === undefined) throw new Wrong(`is ${typeName(raw)}: it may be ${typesOf(setting)}`);
  return [rebased(setting, text, base)];
}

function plain(raw: TomlValue, { numeric }: Setting): string | undefined {
  if (typeof raw === 'string') return raw;
  return (typeof raw === 'number' || typeof raw === 'bigint') && numeric ? String(raw) : undefined;
}

function checked(setting: Setting, texts: readonly string[] | boolean, parts: readonly Path[]): unknown {
  if (typeof texts === 'boolean') return optionValue(setting, texts);
  // One by one first, so that the one that is wrong is named.
  for (const [index, text] of texts.entries()) {
    try {
      optionValue(setting, [text]);
    } catch (error) {
      const { argChoices } = setting.option;
      const why = (error as Error).message.replace(/^It /, '').replace(/\.$/, '');
      throw new Wrong(argChoices === undefined ? why : `is none of ${argChoices.join(', ')}`, parts[index] ?? []);
    }
  }
  return optionValue(setting, texts);
}

/** Settings of one table that exclude each other. */
function clashes(said: readonly Said[]): Mistake[] {
  const meant = said.filter(({ texts, setting }) =>
    typeof texts === 'boolean' ? texts !== setting.option.negate : texts.length > 0,
  );
  return meant.flatMap((one, index) => {
    const other = meant.slice(0, index).find(({ setting }) => exclude(setting.option, one.setting.option));
    if (other === undefined) return [];
    const [a, b] = [other.setting.key, one.setting.key];
    const place = one.document.place(one.path, 'key');
    return [
      { place, message: `${b} cannot stand beside ${a}`, hint: `leave one of them out, or give each a machine: [machine.NAME]` },
    ];
  });
}

export function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function typeName(value: TomlValue): string {
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'boolean') return 'a boolean';
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number';
  return Array.isArray(value) ? 'a list' : isTable(value) ? 'a table' : 'a date';
}

function typesOf({ kind, repeatable, pairs, numeric }: Setting): string {
  const types = ['a text'];
  if (numeric) types.push('a number');
  if (kind === 'either') types.push('true');
  if (repeatable) types.push('a list of texts');
  if (pairs) types.push('a table of texts');
  return types.join(' or ').replace(/ or (?=.* or )/g, ', ');
}

function written(value: TomlValue): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
