import * as v from 'valibot';

/** The parts that documents are made of. */
export const text = v.string();

/** A time in milliseconds, a number of something. */
export const number = v.number();

export const count = v.pipe(v.number(), v.minValue(0));

export const bytes = v.pipe(v.number(), v.integer(), v.minValue(0), v.description('in bytes'));

export const path = v.pipe(v.string(), v.nonEmpty(), v.description('a path of this host'));

export const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), v.description('SHA-256'));

export const exitStatus = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255), v.description('an exit status'));

/** What every document that is an object begins with: it changes when a field goes, or means something else. */
export const major = <const Number extends number>(value: Number) =>
  v.pipe(v.literal(value), v.description('the major number of the schema'));

/** A call of a program: nothing of it has been run. */
export const call = v.object({
  file: text,
  args: v.array(text),
  env: v.pipe(v.record(text, text), v.description('added to the environment')),
  folder: v.pipe(v.nullable(path), v.description('where it runs; null for anywhere')),
  root: v.pipe(v.boolean(), v.description('it needs the rights of root')),
  shell: v.pipe(text, v.description('the call for a POSIX shell, fit to paste')),
});
