import type * as v from 'valibot';
import { manifestSchema } from '../artifacts/manifest.ts';
import { provenanceSchema } from '../artifacts/provenance.ts';
import * as boots from './boots.ts';
import * as builds from './builds.ts';
import { event } from './events.ts';
import * as hosts from './hosts.ts';
import * as images from './images.ts';
import * as lessons from './lessons.ts';

/** A document that programs read. */
export interface Entry<Schema extends v.GenericSchema = v.GenericSchema> {
  /**
   * MAJOR.MINOR. A new field raises the minor number; one that goes, or means something else, the major one. A document that is an
   * object has the major number as `schema`.
   */
  readonly version: `${number}.${number}`;
  /** The verbs that write it, by the words behind `eulab`; empty for a file beside others. */
  readonly verbs: readonly string[];
  readonly about: string;
  readonly schema: Schema;
}

const entry = <Schema extends v.GenericSchema>(
  version: Entry['version'],
  verbs: readonly string[],
  about: string,
  schema: Schema,
): Entry<Schema> => ({ version, verbs, about, schema });

/** The documents that programs read, by name: each with its schema, which is said here, or in what is taken in, and nowhere else. */
export const documents = {
  build: entry('1.0', ['build kernel', 'build ramdisk'], 'what was built, or was there already', builds.build),
  'boot-plan': entry('1.0', ['boot'], 'boot --dry-run or --explain with --json: what would be run, and why so', boots.bootPlan),
  cleaned: entry('1.0', ['clean'], 'what was removed, or would be', builds.cleaned),
  comparison: entry('1.0', ['boot'], 'boot --compare with --json: what got slower and faster', boots.comparison),
  differences: entry('1.0', ['ramdisk diff'], 'what is different between two initramfs', images.differences),
  disk: entry('1.0', ['disk create'], 'the disk that was made', builds.disk),
  disks: entry('1.0', ['disk list'], 'the disks of the workspace', builds.disks),
  doctor: entry('1.0', ['doctor'], 'what this host lacks, and what mends it', hosts.doctor),
  engines: entry('1.1', ['image engines'], 'which container engines work here', builds.engines),
  entries: entry('1.0', ['ramdisk ls'], 'the entries of an initramfs, in their order', images.entries),
  event: entry('1.0', [], 'a line of --events: what happens while a verb works', event),
  extracted: entry('1.0', ['ramdisk extract'], 'what was unpacked', images.extracted),
  image: entry('1.1', ['ramdisk explain'], 'an initramfs as a whole, and what will fail at boot', images.image),
  kernels: entry('1.1', ['kernels'], 'the kernels of the workspace', builds.kernels),
  lesson: entry('1.0', ['learn check'], 'what a machine did of what a lab asks for', lessons.lesson),
  lessons: entry('1.0', ['learn'], 'the labs, and how a learner stands', lessons.lessons),
  machines: entry('1.0', ['ps'], 'the machines that run', boots.machines),
  manifest: entry('1.0', [], 'artifacts/*.manifest.json: the files of a product, and what it was made from', manifestSchema),
  mistakes: entry('1.0', ['config check'], 'what is wrong with files of settings and environment', hosts.mistakes),
  network: entry('1.0', ['net status'], 'what stands of the network', hosts.network),
  'network-change': entry('1.0', ['net up', 'net down'], 'what was done to the network', hosts.networkChange),
  outcome: entry('1.0', ['boot'], 'boot --json: how a boot ended, and why', boots.outcome),
  packed: entry('1.0', ['ramdisk pack'], 'the initramfs that was written', images.packed),
  plan: entry('1.0', ['net up', 'net down', 'disk create'], '--dry-run with --json: what would be run', hosts.plan),
  provenance: entry('1.0', [], 'artifacts/*.provenance.json: all that a product was made from (in-toto, SLSA)', provenanceSchema),
  pulled: entry('1.0', ['pull'], 'what was put in place', builds.pulled),
  release: entry('1.0', ['release'], 'the file that was written', builds.release),
  schemas: entry('1.0', ['schema'], 'the schemas of all documents', hosts.schemas),
  settings: entry('1.0', ['config show'], 'the settings as they are now, and where each comes from', hosts.settings),
  sizes: entry('1.0', ['ramdisk size'], 'where the bytes of an initramfs are', images.sizes),
  timeline: entry('1.0', ['boot'], 'boot --profile-boot: where the time of a boot goes', boots.timeline),
  topics: entry('1.0', ['explain'], 'the topics of eulab explain, or one', hosts.topics),
  tree: entry('1.0', ['ramdisk tree'], 'what the guest finds of an initramfs', images.tree),
  verdicts: entry('1.0', ['verify'], 'whether a build gives the same bytes again', builds.verdicts),
  'tool-boot': entry('1.0', [], 'boot_and_run of eulab mcp: streams, status and outcome', boots.booted),
  'tool-console': entry('1.0', [], "machine_console of eulab mcp: a machine's console", boots.consoleText),
  'tool-exec': entry('1.0', [], 'machine_exec of eulab mcp: streams and status', boots.ran),
  'tool-start': entry('1.0', [], 'machine_start of eulab mcp: the machine that runs', boots.started),
} as const;

export type DocumentName = keyof typeof documents;
