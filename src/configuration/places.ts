/** Lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where a key stands, and where its value begins. */
export interface Places {
  readonly key: Place;
  readonly value: Place;
}

export type Path = readonly (string | number)[];

const blank = /(?:[ \t\r\n]+|#[^\n]*)*/y;
const bareKey = /[A-Za-z0-9_-]+/y;
const strings = [/"""(?:\\[\s\S]|[\s\S])*?"{3,5}/y, /'''[\s\S]*?'{3,5}/y, /"(?:\\.|[^"\\\n])*"/y, /'[^'\n]*'/y];
const scalar = /[^,\]}#\n]*/y;

/**
 * Where each key, each value and each element of a list stands in a TOML document, by their paths. Pure; the document must be one
 * that a parser has taken: what it says is not looked at again.
 */
export function places(text: string): (path: Path) => Places | undefined {
  const found = new Map<string, Places>();
  const scanner = { text, at: 0, note: (path: Path, key: number, value: number) => note(found, text, path, key, value) };
  const lists = new Map<string, number>();
  let table: Path = [];
  for (skip(scanner, blank); scanner.at < text.length; skip(scanner, blank)) {
    if (text[scanner.at] === '[') table = header(scanner, lists);
    else keyValue(scanner, table);
  }
  return (path) => found.get(JSON.stringify(path));
}

interface Scanner {
  readonly text: string;
  at: number;
  readonly note: (path: Path, key: number, value: number) => void;
}

function note(found: Map<string, Places>, text: string, path: Path, key: number, value: number): void {
  const id = JSON.stringify(path);
  if (!found.has(id)) found.set(id, { key: placeAt(text, key), value: placeAt(text, value) });
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** Goes behind what matches; returns it. */
function skip(scanner: Scanner, pattern: RegExp): string {
  pattern.lastIndex = scanner.at;
  const match = pattern.exec(scanner.text)?.[0] ?? '';
  scanner.at += match.length;
  return match;
}

function header(scanner: Scanner, lists: Map<string, number>): Path {
  const start = scanner.at;
  const isList = scanner.text[start + 1] === '[';
  scanner.at += isList ? 2 : 1;
  const keys = key(scanner);
  scanner.at += isList ? 2 : 1;
  const path: (string | number)[] = [];
  for (const [index, name] of keys.entries()) {
    path.push(name);
    const id = JSON.stringify(path);
    if (isList && index === keys.length - 1) lists.set(id, (lists.get(id) ?? -1) + 1);
    scanner.note([...path], start, start);
    // A table below an element of a list belongs to its last one.
    const element = lists.get(id);
    if (element !== undefined) path.push(element);
  }
  scanner.note(path, start, start);
  return path;
}

function keyValue(scanner: Scanner, table: Path): void {
  const start = scanner.at;
  const keys = key(scanner);
  scanner.at += 1;
  skip(scanner, blank);
  keys.forEach((_, index) => {
    scanner.note([...table, ...keys.slice(0, index + 1)], start, scanner.at);
  });
  value(scanner, [...table, ...keys]);
}

/** A key with its dots, up to what follows it. */
function key(scanner: Scanner): string[] {
  const keys: string[] = [];
  do {
    if (keys.length > 0) scanner.at += 1;
    skip(scanner, blank);
    keys.push(skip(scanner, bareKey) || unquoted(string(scanner)));
    skip(scanner, blank);
  } while (scanner.text[scanner.at] === '.');
  return keys;
}

function value(scanner: Scanner, path: Path): void {
  const open = scanner.text[scanner.at];
  if (open !== '[' && open !== '{') {
    if (string(scanner) === '') skip(scanner, scalar);
    return;
  }
  const close = open === '[' ? ']' : '}';
  scanner.at += 1;
  for (let index = 0; ; index += 1) {
    skip(scanner, blank);
    if (scanner.at >= scanner.text.length || scanner.text[scanner.at] === close) break;
    if (open === '[') {
      scanner.note([...path, index], scanner.at, scanner.at);
      value(scanner, [...path, index]);
    } else keyValue(scanner, path);
    skip(scanner, blank);
    if (scanner.text[scanner.at] === ',') scanner.at += 1;
  }
  scanner.at += 1;
}

function string(scanner: Scanner): string {
  for (const pattern of strings) {
    const match = skip(scanner, pattern);
    if (match !== '') return match;
  }
  return '';
}

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text.slice(1, -1);
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(1, -1);
  }
}
