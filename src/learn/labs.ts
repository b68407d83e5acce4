import { EulabError, status } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { Lab } from './lab.ts';
import { cables } from './labs/cables.ts';
import { cmdline } from './labs/cmdline.ts';
import { consoleLab } from './labs/console.ts';
import { cpio } from './labs/cpio.ts';
import { dhcp } from './labs/dhcp.ts';
import { gdb } from './labs/gdb.ts';
import { initcall } from './labs/initcall.ts';
import { moduleLab } from './labs/module.ts';
import { mounts } from './labs/mounts.ts';
import { pid1 } from './labs/pid1.ts';

/** The labs in their order. */
export const labs: readonly Lab[] = [pid1, consoleLab, mounts, moduleLab, dhcp, cables, cpio, cmdline, initcall, gdb];

/** The lab by its name, or by its number from 1. @throws EulabError (2) for none of them. */
export function labOf(word: string): Lab {
  const found = /^\d+$/.test(word) ? labs[Number(word) - 1] : labs.find(({ name }) => name === word.toLowerCase());
  if (found !== undefined) return found;
  const hint = didYouMean(
    word.toLowerCase(),
    labs.map(({ name }) => name),
  );
  throw new EulabError(`there is no lab ${word}`, {
    hint: `${hint} (or a number from 1 to ${labs.length})`,
    exitCode: status.usage,
  });
}

/** From 1. */
export function numberOf(lab: Lab): number {
  return labs.indexOf(lab) + 1;
}
