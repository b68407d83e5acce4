import { Option } from 'commander';
import { engineNames } from './engine-names.ts';

/** The settings of verifying, releasing and pulling: a part of the table of settings in config.ts. */
export const proofSettings = {
  verifyName: () => new Option('--name <name>', 'the kernel of that name (default: the one in use)'),
  verifyEngine: () => new Option('--engine <engine>', 'what builds (default: what built it)').choices(engineNames),
} as const;
