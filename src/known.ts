import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeWhole } from './whole-file.ts';

/**
 * What was found out at some cost, so that the next call need not: about files by reading all of them, about the host, its QEMU and
 * its container engines by trying.
 */
export interface Known<Fact> {
  recall(identity: string): Fact | undefined;
  remember(identity: string, fact: Fact): void;
  forget(identity: string): void;
}

/** A user who has more files than this in turn waits for each again. */
const mostFacts = 64;

/**
 * The facts of one kind that are kept in the cache. Read once, when it is asked for the first time.
 *
 * `schema` is told apart from others: facts of another form, from another version of eulab, are as if there were none.
 */
export function known<Fact>(cache: string, name: string, schema: number): Known<Fact> {
  const file = join(cache, 'probes', `${name}-${process.getuid?.() ?? 0}.json`);
  let facts: Map<string, Fact> | undefined;
  const change = (identity: string, added: readonly [string, Fact][]) => {
    // Another call may have added to it meanwhile; what it adds right now is lost, and found out again.
    facts = load<Fact>(file, schema);
    facts.delete(identity);
    const kept = [...facts, ...added].slice(-mostFacts);
    facts = new Map(kept);
    save(file, { schema, facts: kept });
  };
  return {
    recall: (identity) => {
      facts ??= load<Fact>(file, schema);
      return facts.get(identity);
    },
    remember: (identity, fact) => change(identity, [[identity, fact]]),
    forget: (identity) => change(identity, []),
  };
}

function load<Fact>(file: string, schema: number): Map<string, Fact> {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    return new Map(kept.schema === schema ? kept.facts : []);
  } catch {
    return new Map();
  }
}

function save(file: string, content: object): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeWhole(file, JSON.stringify(content));
  } catch {
    // A cache that cannot be written costs the time to find it out at the next call, and nothing else.
  }
}
