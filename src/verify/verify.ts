import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchName } from '../architectures.ts';
import { archFolder, kernelFolder } from '../artifacts/kernel-names.ts';
import { archIn } from '../artifacts/kernels.ts';
import type { Manifest } from '../artifacts/manifest.ts';
import { type Built, type Provenance, parseProvenance, provenanceName } from '../artifacts/provenance.ts';
import { manifestOf } from '../artifacts/store.ts';
import { imageId } from '../container/image.ts';
import { choose } from '../container/select.ts';
import { fileDigest } from '../digest.ts';
import type { EngineName } from '../engine-names.ts';
import { EulabError, status } from '../errors.ts';
import { scratch } from '../source/scratch.ts';
import type { Workspace } from '../workspace.ts';
import type { Finding, Verdict } from './finding.ts';
import { changedFiles, type Places, sourceAgain } from './inputs.ts';
import { compareOutputs } from './outputs.ts';
import { engineOf, rebuild } from './rebuild.ts';

/** What is to be verified, and how. */
export interface VerifyRequest extends Omit<Places, 'own'> {
  readonly product: Built;
  /** Of a kernel; undefined for the one in use. */
  readonly name: string | undefined;
  /** Whose ramdisk, and whose kernel in use. */
  readonly arch: ArchName;
  /** Undefined for the one that built it. */
  readonly engine: EngineName | undefined;
  readonly jobs: number | undefined;
}

/**
 * Builds a product again, from its record alone, in a folder of its own, with no object and no compiler cache of before, and compares
 * what comes of it, byte by byte. When what it was made from has changed, that is said, and nothing is built.
 *
 * @throws EulabError (2) when there is no such product or it has no record; EulabError when it cannot be built.
 */
export async function verify(request: VerifyRequest): Promise<Verdict> {
  const { workspace, product, name, report } = request;
  const beganMs = performance.now();
  const folder = name === undefined ? archFolder(workspace.artifacts, request.arch) : kernelFolder(workspace.artifacts, name);
  const { manifest, record, findings: touched } = await recordOf(folder, product, name);
  await using place = await scratch(join(workspace.cache, 'verify'));
  const places = { ...request, own: await emptyWorkspace(workspace, place.path) };
  const end = (findings: readonly Finding[], same: readonly string[] = []): Verdict => {
    const equal = findings.every(({ kind }) => kind === 'tool');
    return { product, name: manifest.name, equal, same, findings, seconds: (performance.now() - beganMs) / 1000 };
  };
  const early = [...touched, ...(await changedFiles(record, places))];
  if (early.length > 0) return end(early);
  const source = record.inputs.find(({ role }) => role === 'source');
  const again =
    source === undefined
      ? { text: undefined }
      : await sourceAgain(source, { unpacked: manifest.inputs['folder'], sites: sitesOf(record) }, places);
  if ('findings' in again) return end(again.findings);
  report({ kind: 'step', text: `building the ${product} again, with nothing of before` });
  const baseImage = await sameImage(record, request);
  await rebuild(record, { engine: request.engine, jobs: request.jobs, baseImage, source: again.text }, places);
  const made = archFolder(places.own.artifacts, archIn(manifest));
  const fresh = await readRecord(made, product);
  const { same, findings } = await compareOutputs(record, fresh, { folder, again: made });
  return end([...changedTools(record, fresh), ...findings], same);
}

/** The record of a product, and what is wrong with it. */
async function recordOf(folder: string, product: Built, name: string | undefined) {
  const manifest = await manifestOf(folder, product);
  const what = name === undefined ? `there is no ${product}` : `there is no ${product} ${name}`;
  if (manifest === undefined) {
    throw new EulabError(what, { hint: `build it: eulab build ${product}`, exitCode: status.usage });
  }
  const file = manifest.files.find(({ path }) => path === provenanceName(product));
  if (file === undefined) throw noRecord(product, manifest);
  const path = join(folder, file.path);
  const digest = await fileDigest(path).catch(() => undefined);
  const wrong = digest === undefined ? 'is not there any more' : 'was changed since it was written';
  const findings: Finding[] = digest === file.sha256 ? [] : [{ kind: 'input', name: path, what: wrong }];
  if (digest === undefined) throw noRecord(product, manifest);
  return { manifest, record: await readRecord(folder, product), findings };
}

function noRecord(product: Built, { command }: Manifest): EulabError {
  return new EulabError(`the ${product} has no record of what it was made from`, {
    hint: `it was made by an older eulab, or the record was removed; build it again: ${command}`,
    exitCode: status.usage,
  });
}

async function readRecord(folder: string, product: Built): Promise<Provenance> {
  const path = join(folder, provenanceName(product));
  return parseProvenance(await readFile(path, 'utf8'), path);
}

/** A workspace in which there is nothing. */
async function emptyWorkspace(workspace: Workspace, path: string): Promise<Workspace> {
  const own = { ...workspace, root: join(path, 'work'), artifacts: join(path, 'work/artifacts'), cache: join(path, 'cache') };
  for (const folder of [own.artifacts, own.cache]) await mkdir(folder, { recursive: true });
  return own;
}

/** The id of the image that it was built in, if the engine still has it; else what the user asked for then. */
async function sameImage(record: Provenance, { workspace, engine, report, signal }: VerifyRequest): Promise<string | undefined> {
  const wanted = engine ?? engineOf(record);
  const image = record.inputs.find(({ role }) => role === 'image');
  const asked = typeof record.asked['baseImage'] === 'string' ? record.asked['baseImage'] : undefined;
  const id = image?.digest?.['sha256'];
  if (wanted === 'host' || id === undefined) return asked;
  const chosen = await choose(wanted, workspace.cache, signal);
  if ('kind' in chosen && (await imageId(chosen.found.way, id, signal)) !== '') return id;
  report({
    kind: 'note',
    text: `the image that it was built in, ${image?.name} (${id.slice(0, 12)}), is not here: another is taken`,
  });
  return asked;
}

/** What compiled then and what compiled now, where they differ. Pure. */
function changedTools(then: Provenance, now: Provenance): Finding[] {
  return [...changedIn(programsIn(then), programsIn(now)), ...changedIn(packagesIn(then), packagesIn(now))];
}

function programsIn({ settled }: Provenance): Map<string, string> {
  return new Map(Object.entries(settled['programs'] ?? {}).map(([name, version]) => [name, String(version)]));
}

/** The packages with their versions, and the image, which is itself under any name. */
function packagesIn({ inputs }: Provenance): Map<string, string> {
  return new Map(
    inputs.flatMap(({ role, name, facts, digest }): [string, string][] => {
      if (role === 'package') return [[`package ${name}`, facts?.['version'] ?? '']];
      return role === 'image' ? [['container image', digest?.['sha256']?.slice(0, 12) ?? '']] : [];
    }),
  );
}

function changedIn(then: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): Finding[] {
  return [...new Set([...then.keys(), ...now.keys()])]
    .filter((name) => then.get(name) !== now.get(name))
    .map((name) => ({ kind: 'tool', name, what: `${then.get(name) ?? 'nothing'}, and now ${now.get(name) ?? 'nothing'}` }));
}

function sitesOf({ asked }: Provenance): Record<string, string> {
  const { sites } = asked;
  return typeof sites === 'object' && !Array.isArray(sites) ? (sites as Record<string, string>) : {};
}
