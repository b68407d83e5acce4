/** What a Kconfig condition is made of. */
export type Expression =
  | { readonly kind: 'symbol'; readonly name: string }
  /** A quoted text, a number, or one of y, m and n. */
  | { readonly kind: 'constant'; readonly value: string }
  /** What only a build can tell, such as `$(cc-option,-mfoo)`. */
  | { readonly kind: 'unknown'; readonly text: string }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Expression[] }
  | { readonly kind: 'compare'; readonly sign: Sign; readonly left: Expression; readonly right: Expression };

type Sign = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** n, m, y as Kconfig orders them; undefined where only a build could tell. */
export type Level = 0 | 1 | 2 | undefined;

/** The value of a symbol as .config has it, texts in quotes; undefined when it is not there. */
export type Values = (symbol: string) => string | undefined;

/** What `$(NAME)` stands for; a name that is not here makes the word unknown. */
export type Variables = Readonly<Record<string, string>>;

const token = /\s*(?:(\|\||&&|!=|<=|>=|[!=<>()])|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([\w./-]+(?![\w./$-])))/y;
const levels: Readonly<Record<string, 0 | 1 | 2>> = { n: 0, m: 1, y: 2 };

/** The words of a line after its keyword: operators, texts with their quotes, names, and macros up to their bracket. */
export function words(text: string): string[] {
  const found: string[] = [];
  let at = 0;
  while (at < text.length) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match !== null) {
      found.push(match[0].trim());
      at = token.lastIndex;
      continue;
    }
    const start = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    if (start >= text.length || text[start] === '#') break;
    at = wordEnd(text, start);
    found.push(text.slice(start, at));
  }
  return found;
}

/** Where the word at `start` ends: at a blank or an operator outside the brackets of its macros. */
function wordEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const sign = text[at] as string;
    if (sign === '(' && (depth > 0 || text[at - 1] === '$')) depth++;
    else if (sign === ')' && depth > 0) depth--;
    else if (depth === 0 && at > start && /[\s()|&!=<>"]/.test(sign)) return at;
  }
  return text.length;
}

/** The condition in `tokens`. Never fails: what is no condition is unknown. */
export function expression(tokens: readonly string[], variables: Variables): Expression {
  let at = 0;
  const wrong: Expression = { kind: 'unknown', text: tokens.join(' ') };
  const take = (word: string) => tokens[at] === word && ++at > 0;
  const series = (kind: 'and' | 'or', sign: string, part: () => Expression): Expression => {
    const of = [part()];
    while (take(sign)) of.push(part());
    return of.length === 1 ? (of[0] as Expression) : { kind, of };
  };
  const or = (): Expression => series('or', '||', and);
  const and = (): Expression => series('and', '&&', factor);
  const factor = (): Expression => {
    if (take('!')) return { kind: 'not', of: factor() };
    if (take('(')) {
      const inner = or();
      take(')');
      return inner;
    }
    const left = word(tokens[at++] ?? '', variables);
    const sign = tokens[at];
    if (!isSign(sign)) return left;
    at++;
    return { kind: 'compare', sign, left, right: word(tokens[at++] ?? '', variables) };
  };
  const whole = or();
  return at === tokens.length ? whole : wrong;
}

/** A symbol, a constant, or what only a build can tell. */
export function word(text: string, variables: Variables): Expression {
  const known = text.replaceAll(/\$\((\w+)\)/g, (all, name: string) => variables[name] ?? all);
  if (known === '' || known.includes('$(')) return { kind: 'unknown', text };
  if (/^["']/.test(known)) return { kind: 'constant', value: known.slice(1, -1) };
  if (/^(?:[ymn]|-?\d+|0[xX][0-9a-fA-F]+)$/.test(known)) return { kind: 'constant', value: known };
  return /^\w+$/.test(known) ? { kind: 'symbol', name: known } : { kind: 'unknown', text };
}

function isSign(text: string | undefined): text is Sign {
  return text !== undefined && /^(?:!?=|[<>]=?)$/.test(text);
}

/** The parts that must all hold: those of an `&&`, else the whole. A bare `m` needs modules, as Kconfig reads it. */
export function conjuncts(whole: Expression): readonly Expression[] {
  if (whole.kind === 'and') return whole.of.flatMap(conjuncts);
  if (whole.kind === 'constant' && whole.value === 'm') return [whole, { kind: 'symbol', name: 'MODULES' }];
  return [whole];
}

/** How far a condition holds: `&&` is the least of its parts, `||` the greatest. Pure. */
export function level(whole: Expression, values: Values): Level {
  switch (whole.kind) {
    case 'symbol':
      return levels[values(whole.name) ?? 'n'] ?? 0;
    case 'constant':
      return levels[whole.value] ?? 0;
    case 'unknown':
      return undefined;
    case 'not': {
      const inner = level(whole.of, values);
      return inner === undefined ? undefined : ((2 - inner) as Level);
    }
    case 'and': {
      const parts = whole.of.map((part) => level(part, values));
      if (parts.includes(0)) return 0;
      return parts.includes(undefined) ? undefined : (Math.min(...(parts as number[])) as Level);
    }
    case 'or': {
      const parts = whole.of.map((part) => level(part, values));
      if (parts.includes(2)) return 2;
      return parts.includes(undefined) ? undefined : (Math.max(...(parts as number[])) as Level);
    }
    case 'compare':
      return compared(whole, values);
  }
}

function compared({ sign, left, right }: Extract<Expression, { kind: 'compare' }>, values: Values): Level {
  const [a, b] = [content(left, values), content(right, values)];
  if (a === undefined || b === undefined) return undefined;
  return holds[sign](difference(a, b)) ? 2 : 0;
}

const holds: Readonly<Record<Sign, (difference: number) => boolean>> = {
  '=': (d) => d === 0,
  '!=': (d) => d !== 0,
  '<': (d) => d < 0,
  '<=': (d) => d <= 0,
  '>': (d) => d > 0,
  '>=': (d) => d >= 0,
};

function difference(a: string, b: string): number {
  const [x, y] = [levels[a] ?? number(a), levels[b] ?? number(b)];
  if (x !== undefined && y !== undefined) return x - y;
  return a === b ? 0 : a < b ? -1 : 1;
}

function content(operand: Expression, values: Values): string | undefined {
  if (operand.kind === 'constant') return operand.value;
  if (operand.kind === 'symbol') return (values(operand.name) ?? 'n').replace(/^"(.*)"$/, '$1');
  return undefined;
}

/** A whole number in decimal or with 0x, undefined for any other text. */
export function number(text: string): number | undefined {
  return /^(?:-?\d+|0[xX][0-9a-fA-F]+)$/.test(text) ? Number(text) : undefined;
}

/** Of a condition that does not reach `needed` what would have to change: the failing parts of each alternative. */
export function lacking(whole: Expression, needed: 1 | 2, values: Values): Expression {
  if (whole.kind !== 'and' && whole.kind !== 'or') return whole;
  const { kind } = whole;
  const failing = kind === 'or' ? whole.of : whole.of.filter((part) => (level(part, values) ?? 2) < needed);
  const of = failing.map((part) => lacking(part, needed, values)).flatMap((part) => (part.kind === kind ? part.of : [part]));
  return of.length === 1 ? (of[0] as Expression) : { kind, of };
}

const shownAlternatives = 4;

/** A condition with the values of its symbols, as menuconfig's search shows it: `A [=n] || B [=m]`. */
export function show(whole: Expression, values: Values): string {
  switch (whole.kind) {
    case 'symbol':
      return `${whole.name} [=${values(whole.name) ?? 'n'}]`;
    case 'constant':
      return /^(?:[ymn]|-?\d+|0x[0-9a-f]+)$/i.test(whole.value) ? whole.value : `"${whole.value}"`;
    case 'unknown':
      return whole.text;
    case 'not':
      return `!${inner(whole.of, values)}`;
    case 'compare':
      return `${show(whole.left, values)} ${whole.sign} ${show(whole.right, values)}`;
    case 'and':
      return whole.of.map((part) => inner(part, values)).join(' && ');
    case 'or': {
      const parts = whole.of.slice(0, shownAlternatives).map((part) => inner(part, values));
      const more = whole.of.length - parts.length;
      return [...parts, ...(more > 0 ? [`${more} more`] : [])].join(' || ');
    }
  }
}

/** As `show`, in brackets when an operator stands beside it. */
export function inner(part: Expression, values: Values): string {
  return part.kind === 'and' || part.kind === 'or' || part.kind === 'compare' ? `(${show(part, values)})` : show(part, values);
}
