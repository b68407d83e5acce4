import { InvalidArgumentError } from 'commander';
import * as v from 'valibot';
import { diskSizeSchema, durationSchema, limitSchema, memorySchema, portSchema, topologySchema } from './machine-values.ts';

/** A parser of option values after a schema; commander puts the option and the value before what is wrong. */
export function parsed<Out>(schema: v.GenericSchema<string, Out>): (text: string) => Out {
  return (text) => {
    const result = v.safeParse(schema, text);
    if (result.success) return result.output;
    throw new InvalidArgumentError(`It ${result.issues[0].message}.`);
  };
}

/** As `parsed`, put to those before: for an option that is repeatable. */
export function collected<Out>(schema: v.GenericSchema<string, Out>): (text: string, earlier?: readonly Out[]) => readonly Out[] {
  return (text, earlier = []) => [...earlier, parsed(schema)(text)];
}

/** A parser of whole numbers from 1 to `most`. */
export function positive(most = 4096): (text: string) => number {
  return parsed(
    v.pipe(
      v.string(),
      v.regex(/^\d+$/, 'is no whole number'),
      v.transform(Number),
      v.minValue(1, 'is less than 1'),
      v.maxValue(most, `is more than ${most}`),
    ),
  );
}

/** A parser of absolute paths. */
export const absolute = parsed(v.pipe(v.string(), v.regex(/^\//, 'is no absolute path')));

/** NAME=VALUE as it is; NAME with the value it has here. */
export function variable(text: string, earlier: readonly string[] | undefined): readonly string[] {
  const name = text.split('=', 1)[0] ?? '';
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new InvalidArgumentError('It is no NAME or NAME=VALUE.');
  if (text.includes('=')) return collect(text, earlier);
  const value = process.env[name];
  if (value === undefined) throw new InvalidArgumentError(`It has no value here: name one, ${name}=VALUE.`);
  return collect(`${name}=${value}`, earlier);
}

/** The values of a repeatable option so far, and one more. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

/** What `--gdb` was given: a port, 0 for any, or nothing (its preset), which means a socket. */
export function gdbWish(text: string): number | 'unix' {
  return text === 'unix' ? text : parsed(portSchema)(text);
}

export const memory = parsed(memorySchema);

export const diskSize = parsed(diskSizeSchema);

export const topology = parsed(topologySchema);

export const duration = parsed(durationSchema);

/** `PHASE=TIME` added to the limits so far; the last one of a phase counts. */
export function phaseLimit(text: string, earlier: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const [phase, ms] = parsed(limitSchema)(text);
  return { ...earlier, [phase]: ms };
}
