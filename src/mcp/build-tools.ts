import * as v from 'valibot';
import { confined, sourceOf } from './confine.ts';
import { contentEntries, contentOptions } from './content-options.ts';
import { repeated, said, texts } from './options.ts';
import { documentOf } from './result.ts';
import { type Tool, tool } from './tool.ts';

const common = {
  engine: v.optional(
    v.pipe(v.picklist(['auto', 'podman', 'docker', 'buildah', 'compose', 'host']), v.description('what builds (default: auto)')),
  ),
  jobs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096))),
  force: v.optional(v.pipe(v.boolean(), v.description('also when nothing has changed'))),
};

/** The tools that build. Each does nothing when there is one that was made from the same inputs. */
export const buildTools: readonly Tool[] = [
  tool({
    name: 'build_kernel',
    title: 'Build a kernel',
    description:
      'Build artifacts/bzImage, which boot_and_run boots. It takes minutes the first time; with the same inputs nothing is done ("built": false).',
    input: v.strictObject({
      source: v.optional(
        v.pipe(
          v.string(),
          v.description(
            'a version (6.6.22), latest-lts, debian, git+https://HOST/REPO#REF, or a folder or tarball of the workspace',
          ),
        ),
      ),
      profile: v.optional(v.pipe(v.picklist(['lab', 'defconfig', 'debug', 'net', 'tiny']), v.description('default: lab'))),
      set: texts('config symbols, such as CONFIG_KASAN=y'),
      fragment: texts('config fragments to merge: files of the workspace'),
      lenient: v.optional(v.pipe(v.boolean(), v.description('build also when a symbol did not stick'))),
      name: v.optional(v.pipe(v.string(), v.description('what it is kept by, beside others'))),
      ...common,
    }),
    output: { document: 'build' },
    reads: false,
    run: ({ source, fragment, set, ...rest }, work) => {
      const paths = fragment?.map((path) => confined(path, work.place));
      const code = source === undefined ? undefined : sourceOf(source, work.place);
      return documentOf(
        {
          verb: ['build', 'kernel'],
          args: ['--json', ...said({ source: code, ...rest }), ...repeated('set', set), ...repeated('fragment', paths)],
        },
        work,
      );
    },
  }),
  tool({
    name: 'build_ramdisk',
    title: 'Build an initramfs',
    description:
      'Build artifacts/initramfs.cpio.gz: a static busybox, an init, and what is added. For one boot, boot_and_run adds things by itself.',
    input: v.strictObject({
      busybox: v.optional(v.pipe(v.string(), v.description('a ready static busybox of the workspace, instead of building one'))),
      ...contentEntries,
      service: texts('NAME=COMMAND, run beside all else'),
      compression: v.optional(v.string()),
      ...common,
    }),
    output: { document: 'build' },
    reads: false,
    run: ({ busybox, add, overlay, program, package: packages, module, service, ...rest }, work) => {
      const { place } = work;
      const args = [
        ...said({ busybox: busybox === undefined ? undefined : confined(busybox, place), ...rest }),
        ...contentOptions({ add, overlay, program, package: packages, module }, place),
        ...repeated('service', service),
      ];
      return documentOf({ verb: ['build', 'ramdisk'], args: ['--json', ...args] }, work);
    },
  }),
];
