// Every measurement in bench/, or those that are named: node scripts/bench.mjs start
import { readdirSync } from 'node:fs';
import { $ } from 'zx';

const known = readdirSync('bench').filter((name) => name !== 'time.mjs');
const named = process.argv.slice(2).map((name) => `${name}.mjs`);
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no such measurement: ${unknown.join(', ')}; there are ${known.join(', ')}`);
  process.exit(2);
}
for (const name of named.length > 0 ? named : known) await $({ stdio: 'inherit' })`node bench/${name}`;
