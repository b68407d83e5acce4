import * as v from 'valibot';
import type { Phase } from './timeline.ts';

const time = v.pipe(v.number(), v.minValue(0));

const phaseSchema: v.GenericSchema<Phase> = v.object({
  name: v.string(),
  startMs: time,
  endMs: time,
  children: v.exactOptional(v.lazy(() => v.array(phaseSchema))),
}) as v.GenericSchema<Phase>;

const bootSchema = v.object({
  totalMs: time,
  phases: v.pipe(v.array(phaseSchema), v.minLength(1)),
  initcalls: v.array(
    v.object({ name: v.string(), startMs: v.number(), usecs: time, status: v.number(), level: v.exactOptional(v.string()) }),
  ),
});

/** What `boot --profile-boot` writes, as far as a reader needs it. */
export const timelineSchema = v.object({
  ...bootSchema.entries,
  schema: v.literal(1),
  meta: v.object({
    kernel: v.string(),
    accelerator: v.string(),
    machine: v.string(),
    memoryBytes: v.number(),
    cpus: v.number(),
    cmdline: v.string(),
    command: v.string(),
    eulab: v.string(),
  }),
  boots: v.pipe(v.array(bootSchema), v.minLength(1)),
});
