import * as v from 'valibot';
import { EulabError } from '../errors.ts';

/** What eulab makes in artifacts/; each product has a manifest beside its files. */
export const products = ['kernel', 'ramdisk', 'storage', 'extra'] as const;

export type Product = (typeof products)[number];

/** True when a path of a manifest stays below artifacts/: relative, and without empty, `.` and `..` components. */
export function stays(path: string): boolean {
  return !path.includes('\0') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

const count = v.pipe(v.number(), v.minValue(0, 'is negative'));

/** What a manifest has, and nothing else. */
export const manifestSchema = v.strictObject({
  schema: v.literal(1),
  product: v.picklist(products),
  key: v.pipe(v.string(), v.nonEmpty('is empty')),
  files: v.array(
    v.strictObject({
      path: v.pipe(v.string(), v.check(stays, 'leads out of artifacts/')),
      bytes: v.pipe(count, v.integer('is no whole number')),
      mtimeMs: count,
      // A disk has none: its content is the guest's to change, and reading all of it would take minutes.
      sha256: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'is no SHA-256 digest'))),
    }),
  ),
  inputs: v.record(v.string(), v.string()),
  command: v.string(),
  // Of a kernel, by which it is kept beside others.
  name: v.optional(v.string()),
});

type Mutable = v.InferOutput<typeof manifestSchema>;

/** One file of a product: its path below artifacts/, and what it was when eulab put it there. */
export type FileRecord = Readonly<Mutable['files'][number]>;

/**
 * What a product is and what it was made from.
 *
 * `key` stands for all inputs together: the same key, the same product. `inputs` are facts for people to read;
 * `command` is the call of eulab that makes it again, fit to paste.
 */
export interface Manifest extends Readonly<Omit<Mutable, 'files' | 'inputs'>> {
  readonly files: readonly FileRecord[];
  readonly inputs: Readonly<Record<string, string>>;
}

/** The name of a product's manifest in artifacts/. */
export function manifestName(product: Product): string {
  return `${product}.manifest.json`;
}

/** The name of a product's lock in artifacts/, held while it is made. */
export function lockName(product: Product): string {
  return `.${product}.lock`;
}

/**
 * The manifest in `text`, read from `file`. Pure.
 *
 * @throws EulabError when it is no JSON, lacks or has more than the fields of schema 1, or names a path out of artifacts/.
 */
export function parseManifest(text: string, file: string): Manifest {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw broken(file, 'is no JSON', cause);
  }
  const result = v.safeParse(manifestSchema, data, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  const value = issue.type === 'check' ? ` ${JSON.stringify(issue.input)}` : '';
  throw broken(file, path === null ? issue.message : `"${path}"${value}: ${issue.message}`, undefined);
}

/** The text of a manifest: the same manifest gives the same bytes; files and inputs are sorted by name. */
export function renderManifest({ schema, product, key, files, inputs, command, name }: Manifest): string {
  const byName = (a: string, b: string) => (a < b ? -1 : 1);
  const sorted = {
    schema,
    product,
    key,
    files: files
      .map(({ path, bytes, mtimeMs, sha256 }) => ({ path, bytes, mtimeMs, sha256 }))
      .sort((a, b) => byName(a.path, b.path)),
    inputs: Object.fromEntries(Object.entries(inputs).sort(([a], [b]) => byName(a, b))),
    command,
    name,
  };
  return `${JSON.stringify(sorted, undefined, 2)}\n`;
}

/** The error for a manifest that cannot be relied on; the remedy costs a build and nothing else. */
export function broken(file: string, what: string, cause: unknown): EulabError {
  return new EulabError(`${file} is not a manifest of eulab: ${what}`, {
    hint: `remove it (rm ${file}) and build again; the files it listed are then left alone`,
    cause,
  });
}
