import { nearest } from '../../nearest.ts';
import type { Fragment } from '../fragment.ts';
import type { Lost } from '../requested.ts';
import { conjuncts, type Expression, inner, type Level, lacking, level, number, show, type Values } from './expression.ts';
import type { Type } from './parse.ts';
import type { Definition, Tree } from './tree.ts';

/** The symbol that was lost, with what its explanation is taken from. */
interface Case extends Lost {
  readonly definitions: readonly Definition[];
  readonly type: Type;
  readonly tree: Tree;
  readonly values: Values;
}

/**
 * Why a symbol does not have the value asked for, as a short phrase: "depends on MISC_FILESYSTEMS [=n]". Pure.
 *
 * `config` is the whole .config that came out; the values in the phrase are its values.
 */
export function explain({ symbol, asked, got }: Lost, tree: Tree, config: Fragment): string {
  const definitions = tree.symbols.get(symbol);
  if (definitions === undefined) {
    const near = nearest(symbol, tree.symbols.keys());
    return `no such symbol in Linux ${tree.version}${near === undefined ? '' : ` (nearest: ${near})`}`;
  }
  const type = definitions.find(({ entry }) => entry.type !== undefined)?.entry.type ?? 'bool';
  const lost: Case = { symbol, asked, got, definitions, type, tree, values: (name) => config.get(name) };
  return (
    mistyped(lost) ??
    (rank(asked) < rank(got) && isLogical(type) ? (selected(lost) ?? moduleless(lost)) : unmet(lost)) ??
    otherMember(lost) ??
    unoffered(lost) ??
    outOfRange(lost) ??
    undecided(lost) ??
    `no reason found: see ${place(definitions)}`
  );
}

const isLogical = (type: Type) => type === 'bool' || type === 'tristate';
const rank = (value: string) => ({ n: 0, m: 1, y: 2 })[value] ?? 0;

function place(definitions: readonly Definition[]): string {
  return definitions.map(({ entry }) => `${entry.file}:${entry.line}`).join(', ');
}

/** A value that no symbol of this type can have. */
function mistyped({ type, asked }: Case): string | undefined {
  const text = asked.startsWith('"');
  switch (type) {
    case 'bool':
      return /^[yn]$/.test(asked) ? undefined : 'is a bool: y or n';
    case 'tristate':
      return /^[ymn]$/.test(asked) ? undefined : 'is a tristate: y, m or n';
    case 'int':
      return asked === 'n' || number(asked) !== undefined ? undefined : `is an int: ${asked} is not a number`;
    case 'hex':
      return asked === 'n' || /^(?:0x)?[0-9a-f]+$/i.test(asked) ? undefined : `is a hex number: ${asked} is not one`;
    case 'string':
      return text || asked === 'n' ? undefined : `is a string: write "${asked}"`;
  }
}

/** The dependencies that do not hold, at the definition that comes closest. */
function unmet({ definitions, type, asked, values }: Case): string | undefined {
  const needed = asked === 'y' && type === 'tristate' ? 2 : 1;
  const offered = definitions.filter(({ entry }) => entry.prompts.length > 0);
  const failing = (offered.length > 0 ? offered : definitions)
    .map(({ depends }) => below(depends, needed, values))
    .sort((a, b) => a.length - b.length)[0];
  return failing === undefined || failing.length === 0 ? undefined : `depends on ${together(failing, values)}`;
}

/** The conjuncts that do not reach `needed`; those that only a build can tell are taken to hold, as most do. */
function below(conditions: readonly Expression[], needed: 1 | 2, values: Values): Expression[] {
  const failing = conditions.flatMap(conjuncts).filter((part) => reached(level(part, values)) < needed);
  return failing.map((part) => lacking(part, needed, values));
}

/** What only a build can tell, when nothing else explains it. */
function undecided({ definitions, values }: Case): string | undefined {
  const parts = definitions
    .flatMap(({ depends }) => depends.flatMap(conjuncts))
    .filter((part) => level(part, values) === undefined);
  return parts.length === 0 ? undefined : `depends on ${together(parts, values)}, which this toolchain may not fulfil`;
}

const reached = (found: Level) => found ?? 2;

function together(parts: readonly Expression[], values: Values): string {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return show(only, values);
  return [...new Set(parts.map((part) => inner(part, values)))].join(' && ');
}

/** Those that select it now: a selection wins over what is asked. */
function selected({ symbol, tree, values, asked }: Case): string | undefined {
  const active = (tree.selectors.get(symbol) ?? []).filter(
    (selector) =>
      rank(values(selector.by) ?? 'n') > rank(asked) && reached(selector.if === undefined ? 2 : level(selector.if, values)) > 0,
  );
  return active.length === 0
    ? undefined
    : `selected by ${list(
        active.map(({ by }) => by),
        values,
      )}`;
}

function moduleless({ asked, got, values }: Case): string | undefined {
  return asked === 'm' && got === 'y' && (values('MODULES') ?? 'n') === 'n'
    ? 'MODULES [=n]: without modules m becomes y'
    : undefined;
}

const listed = 3;

function list(symbols: readonly string[], values: Values): string {
  const names = [...new Set(symbols)];
  const shown = names.slice(0, listed).map((name) => `${name} [=${values(name) ?? 'n'}]`);
  return [...shown, ...(names.length > listed ? [`${names.length - listed} more`] : [])].join(', ');
}

function otherMember({ symbol, asked, definitions, values }: Case): string | undefined {
  const members = definitions.find(({ choice }) => choice !== undefined)?.choice;
  if (members === undefined) return undefined;
  const others = members.filter((member) => member !== symbol);
  const taken = others.find((member) => values(member) === 'y');
  if (asked === 'y' && taken !== undefined) return `choice: another member, ${taken}, is taken`;
  if (asked === 'n' && taken === undefined)
    return `choice: one member is y; ask for another: ${others.slice(0, listed).join(', ')}`;
  return undefined;
}

/** The user is not asked for it, or not in this configuration: what decides instead. */
function unoffered(lost: Case): string | undefined {
  const { definitions, symbol, values, tree } = lost;
  const withPrompt = definitions.filter(({ entry }) => entry.prompts.length > 0);
  if (withPrompt.length > 0) {
    const hidden = withPrompt.map(({ entry, visible }) => {
      const asked = entry.prompts.flatMap((prompt) => (prompt.if === undefined ? [] : [prompt.if]));
      return below([...visible, ...asked], 1, values);
    });
    const [least = []] = hidden.sort((a, b) => a.length - b.length);
    return least.length === 0 ? undefined : `is offered only if ${together(least, values)}${byDefault(lost)}`;
  }
  const selectors = (tree.selectors.get(symbol) ?? []).map(({ by }) => by);
  if (selectors.length > 0) return `is not offered (no prompt): selected by ${list(selectors, values)}`;
  return `is not offered (no prompt)${byDefault(lost) || ': set by its default'}`;
}

/** The default that counts, or, when none does, the first with the condition that fails. */
function byDefault({ definitions, values }: Case): string {
  const defaults = definitions.flatMap(({ entry }) => entry.defaults);
  const counting = defaults.find((one) => one.if === undefined || reached(level(one.if, values)) > 0) ?? defaults[0];
  if (counting === undefined) return '';
  const condition = counting.if === undefined ? '' : ` if ${show(counting.if, values)}`;
  return `: default ${show(counting.value, values)}${condition}`;
}

function outOfRange({ definitions, asked, type, values }: Case): string | undefined {
  if (isLogical(type)) return undefined;
  const range = definitions
    .flatMap(({ entry }) => entry.ranges)
    .find((one) => one.if === undefined || reached(level(one.if, values)) > 0);
  const value = number(type === 'hex' && !/^0x/i.test(asked) ? `0x${asked}` : asked);
  if (range === undefined || value === undefined) return undefined;
  const end = (side: Expression) =>
    side.kind === 'constant' ? number(side.value) : side.kind === 'symbol' ? number(values(side.name) ?? '') : undefined;
  const [low, high] = [end(range.low), end(range.high)];
  const outside = (low !== undefined && value < low) || (high !== undefined && value > high);
  return outside ? `${asked} is out of range: ${show(range.low, values)} to ${show(range.high, values)}` : undefined;
}
