import * as v from 'valibot';

/** A list of texts that need not be there. */
export const texts = (what: string) => v.optional(v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.description(what)));

/** Options for the command line: `--name=value`, so that no value passes for an option; `--name` for true. Pure. */
export function said(values: Readonly<Record<string, string | number | boolean | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return [value === true ? `--${name}` : `--${name}=${value}`];
  });
}

/** A repeatable option. Pure. */
export function repeated(name: string, values: readonly string[] = []): string[] {
  return values.map((value) => `--${name}=${value}`);
}
