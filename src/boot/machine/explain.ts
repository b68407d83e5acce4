import gains from './gains.json' with { type: 'json' };
import type { Choice } from './recipe.ts';

/** Where and how the gains were measured. */
export interface Measurement {
  readonly where: string;
}

/**
 * The choices of a recipe as a table for people: what was chosen, what it gains, why. Pure.
 *
 * A gain of 0.85 means: a boot with this takes 0.85 of the time of one with what stands behind the stroke.
 */
export function explained(choices: readonly Choice[], { where }: Measurement = gains): string {
  const rows = choices.map(({ what, value, gain, against, reason }) => [
    what,
    value,
    gain === undefined ? '-' : `${gain.toFixed(2)} / ${against}`,
    reason,
  ]);
  const all = [['what', 'choice', 'time', 'because'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${[...lines, '', `time: of a boot with the choice, over one with what stands behind the stroke. ${where}`].join('\n')}\n`;
}
