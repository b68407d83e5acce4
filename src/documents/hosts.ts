import * as v from 'valibot';
import { call, count, major, path, text } from './parts.ts';

const state = v.picklist(['ok', 'warning', 'failure']);

export const doctor = v.object({
  schema: major(1),
  eulab: v.pipe(text, v.description('its version')),
  user: v.pipe(text, v.description('who asked: what one user may, another may not')),
  state: v.pipe(state, v.description('the worst of the checks')),
  checks: v.array(
    v.object({
      name: text,
      group: v.picklist(['boot', 'build', 'network', 'more']),
      state,
      found: text,
      costs: v.pipe(v.nullable(text), v.description('what does not work because of it')),
      remedy: v.nullable(v.object({ command: text, safe: v.pipe(v.boolean(), v.description('doctor --fix may run it')) })),
      hint: v.nullable(text),
      tookMs: count,
    }),
  ),
});

const stands = v.picklist(['up', 'partial', 'absent', 'unknown']);

export const network = v.object({
  schema: major(1),
  bridge: text,
  state: v.picklist(['up', 'partial', 'absent']),
  uplink: v.pipe(v.nullable(text), v.description('the network card that joins it')),
  vlan: v.nullable(v.object({ id: count, mode: v.picklist(['sub', 'aware']), address: v.optional(text) })),
  resources: v.array(v.object({ name: text, state: stands, faults: v.array(text) })),
  ports: v.array(
    v.object({
      name: text,
      operstate: text,
      vlans: v.array(v.object({ vid: count, pvid: v.boolean(), untagged: v.boolean() })),
      users: v.pipe(v.array(v.object({ pid: count, program: text, user: text })), v.description('who has it open')),
    }),
  ),
});

export const plan = v.object({
  schema: major(1),
  verb: text,
  steps: v.pipe(v.array(call), v.description('in their order')),
});

export const networkChange = v.object({
  schema: major(1),
  bridge: text,
  verb: v.picklist(['up', 'down']),
  changed: v.pipe(v.boolean(), v.description('false: there was nothing to do')),
});

const origin = v.variant('kind', [
  v.object({ kind: v.literal('default') }),
  v.object({ kind: v.literal('environment'), variable: text }),
  v.object({ kind: v.literal('file'), file: path, line: count, column: count }),
]);

export const settings = v.object({
  schema: major(1),
  files: v.pipe(v.array(path), v.description('in rising order')),
  settings: v.array(
    v.object({
      table: text,
      key: text,
      value: v.pipe(v.nullable(v.union([v.boolean(), text, v.array(text)])), v.description('null: nobody says it')),
      origin,
    }),
  ),
});

export const mistakes = v.object({
  schema: major(1),
  files: v.array(v.object({ path, settings: v.pipe(count, v.description('how many it says')) })),
  mistakes: v.array(
    v.object({ place: v.pipe(text, v.description('FILE:LINE:COLUMN, or a variable')), message: text, hint: text }),
  ),
});

export const topics = v.array(v.object({ name: text, summary: text, text }));

export const schemas = v.array(
  v.object({
    name: text,
    version: text,
    id: text,
    verbs: v.pipe(v.array(text), v.description('the verbs that write such a document')),
    about: text,
  }),
);
