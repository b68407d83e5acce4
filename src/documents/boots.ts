import * as v from 'valibot';
import { timelineSchema } from '../boot/timeline/schema.ts';
import { bytes, call, count, exitStatus, major, number, path, text } from './parts.ts';

export const machines = v.array(
  v.object({
    name: text,
    pid: v.pipe(count, v.integer(), v.description('of the eulab that holds it')),
    startedMs: v.pipe(count, v.description('milliseconds since 1970')),
    kernel: path,
    argv: v.pipe(v.array(text), v.description('the command in the guest; empty for a shell')),
    console: v.pipe(v.nullable(path), v.description('the file that has all of the console')),
  }),
);

const diagnosis = v.object({
  name: v.pipe(text, v.description('kebab-case, and stable; unknown when no rule fits')),
  cause: text,
  remedy: text,
  proof: v.pipe(v.array(text), v.description('the lines of the console, or of QEMU, that prove it')),
  notes: v.array(text),
  status: exitStatus,
});

export const phaseName = v.picklist(['firmware', 'kernel', 'init', 'command']);

export const outcome = v.object({
  schema: major(1),
  eulab: v.pipe(text, v.description('its version')),
  status: exitStatus,
  diagnosis: v.pipe(v.nullable(diagnosis), v.description('why there is no status of the command; null when there is one')),
  error: v.pipe(v.nullable(text), v.description('what eulab said at the end; null when it said nothing')),
  phases: v.array(v.object({ name: phaseName, fromMs: number, toMs: number })),
  readyMs: v.pipe(v.nullable(number), v.description('when the guest answered, since the start of QEMU; null when it never did')),
  endMs: v.nullable(number),
  console: v.pipe(v.nullable(path), v.description('the file that has all of the console; null when QEMU never ran')),
});

export const timeline = timelineSchema;

const measure = v.nullable(v.object({ median: number, low: number, high: number }));

export const comparison = v.object({
  schema: major(1),
  files: v.pipe(v.array(path), v.description('the two timelines')),
  boots: v.pipe(v.array(count), v.description('how many each has')),
  settings: v.array(v.object({ name: text, before: text, after: text })),
  differences: v.array(
    v.object({
      what: v.picklist(['total', 'phase', 'initcall']),
      name: text,
      before: v.pipe(measure, v.description('milliseconds; null where it is new')),
      after: v.pipe(measure, v.description('milliseconds; null where it is gone')),
      changeMs: number,
      verdict: v.picklist(['slower', 'faster', 'noise', 'new', 'gone']),
    }),
  ),
});

/** A choice of the machine's recipe. */
const choice = v.object({
  what: text,
  value: text,
  gain: v.pipe(v.nullable(number), v.description('a boot with it takes this share of one with what is in `against`')),
  against: v.nullable(text),
  reason: text,
});

export const bootPlan = v.object({
  schema: major(1),
  folder: v.pipe(path, v.description('private, of mode 700, where the sockets lie')),
  qemu: call,
  choices: v.array(choice),
  notes: v.array(text),
});

/** One command in a guest, as a tool of `eulab mcp` tells it. */
const streams = {
  status: v.pipe(
    exitStatus,
    v.description("the command's; 124 for the time limit, 125 and 255 when there is none: see diagnosis"),
  ),
  stdout: text,
  stderr: text,
  stdoutEncoding: v.pipe(v.picklist(['utf8', 'base64']), v.description('base64 for what is no text')),
  stderrEncoding: v.picklist(['utf8', 'base64']),
  stdoutBytes: v.pipe(bytes, v.description('of all that it wrote')),
  stderrBytes: bytes,
  truncated: v.pipe(v.boolean(), v.description('more was written than is in here')),
};

export const ran = v.object({ schema: major(1), ...streams });

export const booted = v.object({
  schema: major(1),
  ...streams,
  outcome,
});

export const started = v.object({
  schema: major(1),
  name: text,
  pid: v.pipe(count, v.integer()),
  readyMs: v.pipe(number, v.description('when the guest answered, since the start of QEMU')),
  console: path,
});

export const consoleText = v.object({
  schema: major(1),
  name: text,
  file: path,
  text,
  lines: v.pipe(count, v.description('how many there are in all; text may have the last ones only')),
});
