import * as v from 'valibot';
import { outcome, phaseName } from './boots.ts';
import { count, exitStatus, major, number, path, text } from './parts.ts';

const at = v.pipe(text, v.description('when, in ISO 8601'));
const step = v.pipe(count, v.description('the number of the step, from 1'));
const atMs = v.pipe(number, v.description('since the start of QEMU'));

/** One line of `--events`. A reader passes over kinds that it does not know. */
export const event = v.variant('kind', [
  v.object({ kind: v.literal('start'), at, schema: major(1), eulab: v.pipe(text, v.description('its version')), verb: text }),
  v.object({ kind: v.literal('step'), at, step, text }),
  v.object({
    kind: v.literal('progress'),
    at,
    step: v.pipe(v.nullable(count), v.description('null before the first step')),
    done: count,
    total: v.pipe(v.nullable(count), v.description('null when nobody knows')),
    about: v.pipe(v.boolean(), v.description('the total is only expected')),
    unit: v.picklist(['bytes', 'objects', 'checks']),
    now: v.pipe(v.nullable(text), v.description('what is at hand, such as a file')),
  }),
  v.object({ kind: v.literal('step-end'), at, step, state: v.picklist(['done', 'failed']), tookMs: count }),
  v.object({ kind: v.literal('line'), at, text: v.pipe(text, v.description("of a program's output; with --verbose only")) }),
  v.object({ kind: v.literal('note'), at, text }),
  v.object({ kind: v.literal('warning'), at, text, hint: v.nullable(text) }),
  v.object({
    kind: v.literal('machine'),
    at,
    name: v.pipe(text, v.description('as eulab ps has it')),
    pid: v.pipe(count, v.description('of the eulab that holds it')),
    console: v.pipe(path, v.description('the file that gets all of the console')),
  }),
  v.object({
    kind: v.literal('phase'),
    at,
    phase: phaseName,
    atMs: v.pipe(atMs, v.description('when it began, since the start of QEMU')),
  }),
  v.object({
    kind: v.literal('ready'),
    at,
    atMs: v.pipe(atMs, v.description('when the guest answered, since the start of QEMU')),
  }),
  v.object({ kind: v.literal('command'), at, argv: v.array(text), atMs }),
  v.object({ kind: v.literal('command-end'), at, status: exitStatus, atMs }),
  v.object({
    kind: v.literal('outcome'),
    at,
    outcome: v.pipe(outcome, v.description('how a boot ended, as boot --json has it')),
  }),
  v.object({
    kind: v.literal('end'),
    at,
    status: v.pipe(exitStatus, v.description("eulab's own")),
    tookMs: count,
    error: v.pipe(
      v.nullable(
        v.object({
          message: text,
          hint: v.nullable(text),
          check: v.pipe(v.nullable(text), v.description('the line of eulab doctor that says more')),
          details: v.pipe(v.array(text), v.description('what proves it')),
        }),
      ),
      v.description('null when all went well, or a command had another status'),
    ),
  }),
]);
