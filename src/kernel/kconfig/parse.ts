import { type Expression, expression, type Variables, word, words } from './expression.ts';

export type Type = 'bool' | 'tristate' | 'int' | 'hex' | 'string';

/** Something that holds under a condition; always, when there is none. */
export type If<Thing> = Thing & { readonly if?: Expression };

/** One entry of a Kconfig file with what stands below it, and with what is said about it alone. */
export interface Entry {
  readonly kind: 'config' | 'choice' | 'menu' | 'if' | 'other';
  /** Of a config; a choice may have one too. */
  readonly symbol: string | undefined;
  readonly file: string;
  readonly line: number;
  type?: Type;
  readonly prompts: If<{ readonly text: string }>[];
  readonly depends: Expression[];
  /** Menus only: no prompt below is shown unless these hold. */
  readonly visible: Expression[];
  readonly defaults: If<{ readonly value: Expression }>[];
  readonly selects: If<{ readonly symbol: string }>[];
  readonly ranges: If<{ readonly low: Expression; readonly high: Expression }>[];
  readonly below: Node[];
}

export type Node = Entry | { readonly kind: 'source'; readonly path: string };

/**
 * The entries of one Kconfig file, in their order. Pure, and never fails: what it does not understand it leaves out, for
 * it serves to explain, not to configure. `variables` are for `$(SRCARCH)` in paths and conditions.
 *
 * @see Documentation/kbuild/kconfig-language.rst
 */
export function parse(text: string, file: string, variables: Variables = {}): Node[] {
  const top = entry('other', undefined, file, 0);
  const open = [top];
  let about = top;
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const number = at + 1;
    let line = lines[at] as string;
    while (line.endsWith('\\') && at + 1 < lines.length) line = `${line.slice(0, -1)} ${lines[++at]}`;
    const [, keyword, rest = ''] = /^\s*([a-z_-]+)(?![\w-])\s*(.*)$/.exec(line) ?? [];
    if (keyword === undefined || /^[:+]?=/.test(rest)) continue;
    const begun = begin(keyword, rest, { file, line: number, variables });
    const parent = open.at(-1) as Entry;
    if (keyword === 'help' || keyword === '---help---') at = helpEnd(lines, at);
    else if (keyword === 'source') parent.below.push({ kind: 'source', path: path(rest, variables) });
    else if (/^end(?:if|menu|choice)$/.test(keyword)) {
      if (open.length > 1) open.pop();
      about = entry('other', undefined, file, number);
    } else if (begun !== undefined) {
      parent.below.push(begun);
      about = begun;
      if (begun.kind === 'menu' || begun.kind === 'if' || begun.kind === 'choice') open.push(begun);
    } else attribute(about, keyword, rest, variables);
  }
  return top.below;
}

function entry(kind: Entry['kind'], symbol: string | undefined, file: string, line: number): Entry {
  return { kind, symbol, file, line, prompts: [], depends: [], visible: [], defaults: [], selects: [], ranges: [], below: [] };
}

function begin(keyword: string, rest: string, where: { file: string; line: number; variables: Variables }): Entry | undefined {
  const { file, line, variables } = where;
  switch (keyword) {
    case 'config':
    case 'menuconfig':
      return entry('config', words(rest)[0], file, line);
    case 'choice':
      return entry('choice', words(rest)[0], file, line);
    case 'menu':
      return entry('menu', undefined, file, line);
    case 'comment':
    case 'mainmenu':
      return entry('other', undefined, file, line);
    case 'if': {
      const block = entry('if', undefined, file, line);
      block.depends.push(expression(words(rest), variables));
      return block;
    }
    default:
      return undefined;
  }
}

/** Adds what a line says about the entry before it. */
function attribute(about: Entry, keyword: string, rest: string, variables: Variables): void {
  const tokens = words(rest);
  const split = tokens.indexOf('if');
  const subject = split < 0 ? tokens : tokens.slice(0, split);
  const condition = split < 0 ? {} : { if: expression(tokens.slice(split + 1), variables) };
  const first = subject[0] ?? '';
  switch (keyword) {
    case 'bool':
    case 'tristate':
    case 'int':
    case 'hex':
    case 'string':
      about.type ??= keyword;
      if (first !== '') about.prompts.push({ text: unquoted(first), ...condition });
      break;
    case 'boolean':
      about.type ??= 'bool';
      if (first !== '') about.prompts.push({ text: unquoted(first), ...condition });
      break;
    case 'prompt':
      about.prompts.push({ text: unquoted(first), ...condition });
      break;
    case 'def_bool':
    case 'def_tristate':
      about.type ??= keyword === 'def_bool' ? 'bool' : 'tristate';
      about.defaults.push({ value: expression(subject, variables), ...condition });
      break;
    case 'default':
      about.defaults.push({ value: expression(subject, variables), ...condition });
      break;
    case 'depends':
      about.depends.push(expression(tokens.slice(1), variables));
      break;
    case 'visible':
      if (condition.if !== undefined) about.visible.push(condition.if);
      break;
    case 'select':
      about.selects.push({ symbol: first, ...condition });
      break;
    case 'range':
      about.ranges.push({ low: word(first, variables), high: word(subject[1] ?? '', variables), ...condition });
      break;
  }
}

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, '$2');
}

function path(rest: string, variables: Variables): string {
  return unquoted(words(rest)[0] ?? '').replaceAll(/\$\((\w+)\)/g, (all, name: string) => variables[name] ?? all);
}

/** The last line of the help text that begins after `at`: all that is indented as deep as its first line, or empty. */
function helpEnd(lines: readonly string[], at: number): number {
  let first: number | undefined;
  let end = at;
  for (let next = at + 1; next < lines.length; next++) {
    const line = lines[next] as string;
    if (line.trim() === '') continue;
    const depth = indentation(line);
    first ??= depth;
    if (depth === 0 || depth < first) break;
    end = next;
  }
  return end;
}

function indentation(line: string): number {
  let depth = 0;
  for (const sign of line) {
    if (sign === ' ') depth++;
    else if (sign === '\t') depth = (Math.floor(depth / 8) + 1) * 8;
    else break;
  }
  return depth;
}
