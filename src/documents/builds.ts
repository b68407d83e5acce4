import * as v from 'valibot';
import { bytes, count, digest, major, path, text } from './parts.ts';

/** One kernel of the workspace. */
const kernel = v.object({
  name: text,
  arch: v.pipe(text, v.description('what it is for: x86_64, arm64, riscv64')),
  version: v.pipe(text, v.description('as the kernel says it; empty when it is not known')),
  profile: text,
  bytes: v.pipe(bytes, v.description('all its files together')),
  built: v.pipe(text, v.description('when, in ISO 8601')),
  used: v.pipe(v.boolean(), v.description('the one that artifacts/bzImage is, or of another architecture artifacts/ARCH/Image')),
  file: v.pipe(path, v.description('its bzImage, or Image')),
});

export const kernels = v.array(kernel);

const product = v.picklist(['kernel', 'ramdisk']);

const made = v.object({
  product,
  name: v.pipe(v.nullable(text), v.description('what a kernel is kept by; null for a ramdisk')),
  folder: v.pipe(path, v.description('where the files are')),
  files: v.array(v.object({ path: v.pipe(text, v.description('in that folder')), bytes, sha256: v.nullable(digest) })),
  inputs: v.pipe(v.record(text, text), v.description('what it was made from: facts for people')),
  key: v.pipe(text, v.description('the same key: the same inputs')),
});

export const build = v.object({
  schema: major(1),
  built: v.pipe(v.boolean(), v.description('false: it was made from the same inputs before, and nothing was done')),
  ...made.entries,
});

export const pulled = v.object({ schema: major(1), kernel: made, ramdisk: made });

export const release = v.object({ schema: major(1), file: path, bytes, sha256: digest, kernel: text });

export const verdicts = v.array(
  v.object({
    product,
    name: v.optional(v.pipe(text, v.description('of a kernel'))),
    equal: v.boolean(),
    same: v.pipe(v.array(text), v.description('the files that are the same, byte by byte')),
    findings: v.array(
      v.object({
        kind: v.pipe(
          v.picklist(['input', 'changed', 'output', 'tool']),
          v.description(
            'input: what it was made from has changed; changed: a file was, since; output: other bytes came of it; tool: another compiler',
          ),
        ),
        name: text,
        what: text,
      }),
    ),
    seconds: count,
  }),
);

/** A disk's facts. */
const facts = v.object({
  name: text,
  file: path,
  format: v.picklist(['raw', 'qcow2']),
  bytes: v.pipe(bytes, v.description('as the guest sees it')),
  takenBytes: v.pipe(bytes, v.description('on the host')),
});

const user = v.object({
  pid: v.optional(v.pipe(count, v.description('missing when this user may not see it'))),
  program: v.optional(text),
  writes: v.boolean(),
});

export const disks = v.array(
  v.object({ ...facts.entries, user: v.pipe(v.nullable(user), v.description('the process that has it open; null for none')) }),
);

export const disk = v.object({ schema: major(1), ...facts.entries });

export const cleaned = v.object({
  schema: major(1),
  done: v.pipe(v.boolean(), v.description('false for --dry-run')),
  bytes: v.pipe(bytes, v.description('of what was, or would be, removed')),
  removals: v.array(
    v.object({
      kind: v.pipe(
        v.picklist(['file', 'tree', 'folder', 'lock']),
        v.description('folder: only if it is empty by then; tree: with all in it'),
      ),
      path,
      bytes,
      why: v.pipe(text, v.description('what it is')),
    }),
  ),
  notes: v.pipe(v.array(text), v.description('what is left alone, and why')),
});

const isolation = v.picklist(['oci', 'chroot']);
const elsewhere = v.optional(
  v.pipe(v.literal(true), v.description('it sees no folders of this machine, and gets copies of them')),
);
const builderWay = v.object({ kind: v.picklist(['podman', 'buildah']), isolation, elsewhere });
const dockerWay = v.object({
  kind: v.literal('docker'),
  network: v.picklist(['host', 'default']),
  builder: v.picklist(['default', 'legacy']),
  elsewhere,
  rootless: v.optional(v.literal(true)),
});
const composeWay = v.object({ kind: v.literal('compose'), tool: v.array(text), over: v.union([builderWay, dockerWay]) });
const engine = v.picklist(['podman', 'docker', 'buildah', 'compose']);

export const engines = v.array(
  v.union([
    v.object({
      engine,
      works: v.literal(true),
      way: v.pipe(v.union([builderWay, dockerWay, composeWay]), v.description('how builds run in it')),
      facts: text,
      address: v.optional(v.pipe(text, v.description('where it is, when that is not its usual place on this machine'))),
      note: v.optional(v.pipe(text, v.description('why it is not the way that would have been taken first'))),
    }),
    v.object({ engine, works: v.literal(false), why: text }),
  ]),
);
