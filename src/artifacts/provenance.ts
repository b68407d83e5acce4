import * as v from 'valibot';
import { EulabError, status } from '../errors.ts';
import type { FileRecord } from './manifest.ts';

/** What eulab builds from source, and can build again. */
export type Built = 'kernel' | 'ramdisk';

/** What a thing is to the build that took it. */
export type Role =
  /** The program that is compiled: `path` for one of the user's, `spec` names it for --source. */
  | 'source'
  /** A file of eulab's own; the name is its path below eulab's folder. */
  | 'eulab'
  /** A file of the user's, at `path`; one that went into the image is named as it is there. */
  | 'file'
  /** The container image that the build ran in. */
  | 'image'
  /** A package of the toolchain. */
  | 'package';

/** One thing that a product was made from. */
export interface Input {
  readonly role: Role;
  readonly name: string;
  readonly uri?: string | undefined;
  /** By the names of in-toto: sha256; gitTree; dirHash, that of a folder's files. */
  readonly digest?: Readonly<Record<string, string>> | undefined;
  /** What else is known of it: version, origin, path ... */
  readonly facts?: Readonly<Record<string, string>> | undefined;
}

/** Text, numbers and lists of them: what a call of eulab says. */
export type Said = string | number | boolean | readonly Said[] | { readonly [name: string]: Said };

/** All that makes a product what it is; from it alone it can be built again. The same build has the same, wherever and whenever. */
export interface Recipe {
  readonly product: Built;
  /** What the user asked for. */
  readonly asked: Readonly<Record<string, Said>>;
  /** What that came to. */
  readonly settled: Readonly<Record<string, Said>>;
  readonly inputs: readonly Input[];
  /** The eulab that did it. */
  readonly maker: string;
}

/** A recipe, and what came of it: the digest of each file. */
export interface Provenance extends Recipe {
  readonly outputs: ReadonlyMap<string, string>;
}

/** The name of a product's record in artifacts/, one of its files. */
export function provenanceName(product: Built): string {
  return `${product}.provenance.json`;
}

const types = {
  statement: 'https://in-toto.io/Statement/v1',
  predicate: 'https://slsa.dev/provenance/v1',
  build: (product: Built) => `urn:eulab:build:${product}:1`,
  builder: 'urn:eulab:builder',
} as const;

/**
 * A record as an in-toto Statement with SLSA's predicate, in JSON: the same record gives the same bytes. It says neither when nor
 * on which machine it was. Pure.
 *
 * @see https://in-toto.io/Statement/v1, https://slsa.dev/provenance/v1
 */
export function renderProvenance(recipe: Recipe, files: readonly FileRecord[]): string {
  const { product, asked, settled, inputs, maker } = recipe;
  const subject = files
    .flatMap(({ path, sha256 }) => (sha256 === undefined ? [] : [{ name: path, digest: { sha256 } }]))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const statement = {
    _type: types.statement,
    subject,
    predicateType: types.predicate,
    predicate: {
      buildDefinition: {
        buildType: types.build(product),
        externalParameters: asked,
        internalParameters: settled,
        resolvedDependencies: inputs.map(({ role, name, uri, digest, facts }) => ({
          name,
          uri,
          digest,
          annotations: { role, ...facts },
        })),
      },
      runDetails: { builder: { id: types.builder, version: { eulab: maker } } },
    },
  };
  return `${JSON.stringify(statement, undefined, 2)}\n`;
}

const texts = v.record(v.string(), v.string());
const said: v.GenericSchema<Said> = v.lazy(() =>
  v.union([v.string(), v.number(), v.boolean(), v.array(said), v.record(v.string(), said)]),
);
const digest = v.object({ sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'is no SHA-256 digest')) });
/** A record of eulab's. */
export const provenanceSchema = v.object({
  _type: v.literal(types.statement),
  subject: v.array(v.object({ name: v.string(), digest })),
  predicateType: v.literal(types.predicate),
  predicate: v.object({
    buildDefinition: v.object({
      buildType: v.picklist([types.build('kernel'), types.build('ramdisk')]),
      externalParameters: v.record(v.string(), said),
      internalParameters: v.record(v.string(), said),
      resolvedDependencies: v.array(
        v.object({
          name: v.string(),
          uri: v.optional(v.string()),
          digest: v.optional(texts),
          annotations: v.objectWithRest({ role: v.picklist(['source', 'eulab', 'file', 'image', 'package']) }, v.string()),
        }),
      ),
    }),
    runDetails: v.object({ builder: v.object({ id: v.literal(types.builder), version: v.object({ eulab: v.string() }) }) }),
  }),
});

/**
 * The record in `text`, read from `file`. Pure.
 *
 * @throws EulabError (2) when it is none that eulab wrote.
 */
export function parseProvenance(text: string, file: string): Provenance {
  const wrong = (what: string) =>
    new EulabError(`${file} is no record of eulab's: ${what}`, {
      hint: 'build it again, which writes one: eulab build kernel, eulab build ramdisk',
      exitCode: status.usage,
    });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw wrong('it is no JSON');
  }
  const result = v.safeParse(provenanceSchema, data, { abortEarly: true });
  if (!result.success) throw wrong(`"${v.getDotPath(result.issues[0]) ?? ''}": ${result.issues[0].message}`);
  const { subject, predicate } = result.output;
  const { buildDefinition, runDetails } = predicate;
  return {
    product: buildDefinition.buildType === types.build('kernel') ? 'kernel' : 'ramdisk',
    asked: buildDefinition.externalParameters,
    settled: buildDefinition.internalParameters,
    inputs: buildDefinition.resolvedDependencies.map(({ name, uri, digest: has, annotations: { role, ...facts } }) => ({
      role,
      name,
      uri,
      digest: has,
      facts,
    })),
    maker: runDetails.builder.version.eulab,
    outputs: new Map(subject.map(({ name, digest: { sha256 } }) => [name, sha256])),
  };
}

/** The packages of a toolchain as inputs, out of lines such as "package gcc-12: 12.2.0-14 amd64". Pure. @see utils/toolchain/versions */
export function packagesOf(lines: readonly string[]): Input[] {
  return lines.flatMap((line): Input[] => {
    const [, name, version, architecture] = /^package (\S+): (\S+) (\S+)$/.exec(line) ?? [];
    if (name === undefined || version === undefined) return [];
    const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
    return [{ role: 'package', name, uri: purl, facts: { version } }];
  });
}

/** The programs of a toolchain, each with what it says of its version, out of lines such as "gcc: gcc (Debian) 12.2.0". Pure. */
export function programsOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, version] = /^([^\s:]+): (.+)$/.exec(line) ?? [];
      return name === undefined || version === undefined ? [] : [[name, version]];
    }),
  );
}
