import { Option } from 'commander';
import * as v from 'valibot';
import { archWords } from './architectures.ts';
import { engineNames } from './engine-names.ts';
import { grouped } from './grouped.ts';
import { parsed } from './option-parsers.ts';

/** The settings of verifying, releasing and pulling: a part of the table of settings in config.ts. */
export const proofSettings = {
  verifyName: () => new Option('--name <name>', 'the kernel of that name (default: the one in use)'),
  proofArch: () =>
    new Option('--arch <arch>', 'architecture of the kernel in use, and of the ramdisk; auto takes what there is')
      .choices(['auto', ...archWords] as const)
      .default('auto' as const)
      .env('EULAB_ARCH'),
  ...grouped('Build:', {
    verifyEngine: () => new Option('--engine <engine>', 'what builds (default: what built it)').choices(engineNames),
  }),
  releaseOutput: () => new Option('--output <file>', 'where it goes (default: eulab-NAME.tar in the workspace)'),
  pullDigest: () =>
    new Option('--sha256 <hex>', 'the digest that it must have').argParser(
      parsed(v.pipe(v.string(), v.toLowerCase(), v.regex(/^[0-9a-f]{64}$/, 'is no SHA-256 digest: 64 digits from 0 to f'))),
    ),
  pullForce: () => new Option('--force', 'also in the place of another kernel of that name'),
} as const;
