import { resolve } from 'node:path';
import * as v from 'valibot';
import { archOf, archWords, toolchains, usualArch } from '../architectures.ts';
import type { Provenance } from '../artifacts/provenance.ts';
import { type EngineName, engineNames } from '../engine-names.ts';
import { EulabError, status } from '../errors.ts';
import { buildKernel } from '../kernel/build.ts';
import { moduleFolder } from '../ramdisk/additions/module-folder.ts';
import { moduleLists } from '../ramdisk/additions/modules.ts';
import { buildRamdisk } from '../ramdisk/build.ts';
import { levels, type Method } from '../ramdisk-values.ts';
import type { Places } from './inputs.ts';

/** How it is built again, where that is not as the record has it. */
export interface Ways {
  readonly engine: EngineName | undefined;
  /** The image to start from; undefined to find one. */
  readonly baseImage: string | undefined;
  readonly jobs: number | undefined;
  /** As --source takes it; undefined for a ramdisk with a ready busybox. */
  readonly source: string | undefined;
}

const texts = v.optional(v.array(v.string()), []);
const sites = v.optional(v.record(v.string(), v.string()), {});
// Records of before there was more than one have none.
const arch = v.optional(v.picklist(archWords), 'x86_64');
const common = { engine: v.picklist(engineNames), epoch: v.number(), sites, arch };
const kernelAsked = v.object({
  ...common,
  toolchain: v.optional(v.picklist(toolchains), 'gcc'),
  ...{ profile: v.string(), fragments: texts, set: texts, lenient: v.boolean() },
});
const ramdiskAsked = v.object({
  ...common,
  busybox: v.optional(v.string()),
  folder: v.string(),
  machine: v.string(),
  add: texts,
  overlay: texts,
  program: texts,
  service: texts,
  packages: v.optional(v.object({ said: v.string(), unpacked: v.array(v.object({ name: v.string(), folder: v.string() })) }), {
    said: '',
    unpacked: [],
  }),
  init: v.optional(v.string()),
  modules: v.optional(
    v.object({
      named: texts,
      drivers: texts,
      list: v.picklist(Object.values(moduleLists)),
      folder: v.string(),
      version: v.string(),
      magic: v.optional(v.string()),
    }),
  ),
});
const ramdiskSettled = v.object({
  engine: v.picklist(engineNames),
  compression: v.object({ method: v.picklist(Object.keys(levels) as Method[]), level: v.optional(v.number()) }),
});
const kernelSettled = v.object({ engine: v.picklist(engineNames) });

/** The engine that built it. @throws EulabError (2) when the record does not say. */
export function engineOf({ settled, product }: Provenance): EngineName {
  return known(kernelSettled, settled, product).engine;
}

/** Builds a product again into the own workspace, from what its record says and nothing else. @throws EulabError as the builds do. */
export async function rebuild(record: Provenance, ways: Ways, places: Places): Promise<void> {
  if (record.product === 'kernel') await kernelAgain(record, ways, places);
  else await ramdiskAgain(record, ways, places);
}

async function kernelAgain(record: Provenance, ways: Ways, places: Places): Promise<void> {
  const { profile, toolchain, fragments, set, lenient, ...asked } = known(kernelAsked, record.asked, 'kernel');
  await buildKernel({
    ...request(record, asked, ways, places),
    source: ways.source ?? 'auto',
    profile,
    toolchain,
    fragments: fragments.map((file) => resolve(places.workspace.root, file)),
    set,
    lenient,
    name: undefined,
  });
}

async function ramdiskAgain(record: Provenance, ways: Ways, places: Places): Promise<void> {
  const { root } = places.workspace;
  const { busybox, folder, modules, ...asked } = known(ramdiskAsked, record.asked, 'ramdisk');
  const { compression } = known(ramdiskSettled, record.settled, 'ramdisk');
  // What was added is named relative to where eulab was called.
  process.chdir(resolve(root, folder));
  await buildRamdisk({
    ...request(record, asked, ways, places),
    source: ways.source ?? 'auto',
    busybox: busybox === undefined ? undefined : resolve(root, busybox),
    wish: {
      ...asked,
      init: asked.init,
      modules:
        modules === undefined
          ? undefined
          : { ...modules, magic: modules.magic, folder: moduleFolder(modules.folder, modules.version) },
    },
    compression: { method: compression.method, level: compression.level },
    able: { config: undefined, here: () => true },
  });
}

/** What both builds are asked with. */
function request(
  record: Provenance,
  asked: { readonly epoch: number; readonly sites: Readonly<Record<string, string>>; readonly arch: string },
  { engine, baseImage, jobs }: Ways,
  { own, report, signal }: Places,
) {
  return {
    workspace: own,
    arch: archOf(asked.arch) ?? usualArch,
    engine: engine ?? engineOf(record),
    baseImage,
    jobs,
    force: false,
    ccache: false as const,
    epoch: asked.epoch,
    sites: asked.sites,
    command: `eulab verify ${record.product}`,
    report,
    signal,
  };
}

function known<Schema extends v.GenericSchema>(schema: Schema, data: unknown, product: string): v.InferOutput<Schema> {
  const result = v.safeParse(schema, data);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new EulabError(`the record of the ${product} is not one to build from: ${v.getDotPath(issue) ?? ''}: ${issue.message}`, {
    hint: `build it again: eulab build ${product}`,
    exitCode: status.usage,
  });
}
